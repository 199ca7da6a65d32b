// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import type { Axes } from '../../matrix/expand.ts';
import { expand } from '../../matrix/expand.ts';
import { judgedCell } from '../../matrix/testing/judged-cell-builder.ts';
import { kernelNames, nameOfCells } from './cell-names.ts';

function named(axes: Axes): string {
  const records = expand(axes).map(
    ({ id, spec }) => judgedCell({ record: { id, spec, kernel: null } }).record,
  );
  return nameOfCells(records, records);
}

it.each<{ axes: Axes; name: string }>([
  { axes: { kernel: ['6.1'] }, name: '6.1, crashkernel off' },
  {
    axes: { kernel: ['6.1', '6.12'], crashkernel: [null, '256M'] },
    name: '6.1 and 6.12, crashkernel off and 256M',
  },
  {
    axes: { kernel: ['5.10', '6.1', '6.12'], crashkernel: ['256M'] },
    name: '5.10, 6.1 and 6.12, crashkernel 256M',
  },
  {
    axes: {
      kernel: ['5.10', '6.1'],
      layout: ['stock', 'thread-2021'],
      crashkernel: [null, '256M'],
    },
    name: '5.10 and 6.1, crashkernel off and 256M, stock and thread-2021',
  },
  {
    axes: { kernel: ['6.1'], cpus: [1, 2] },
    name: '6.1.no-crashkernel and 6.1.no-crashkernel.2-cpus',
  },
])('names several cells at once: $name', ({ axes, name }) => {
  expect(named(axes)).toBe(name);
});

it('names layouts where those of the run differ', () => {
  const axes = {
    kernel: ['5.10'],
    layout: ['stock', 'thread-2021'],
    crashkernel: [null, '256M'],
  };
  const records = expand(axes).map(
    ({ id, spec }) => judgedCell({ record: { id, spec, kernel: null } }).record,
  );
  const name = (...indices: readonly number[]): string =>
    nameOfCells(
      records.filter((_, index) => indices.includes(index)),
      records,
    );
  const [off, locked, offThread] = records.map(
    ({ spec }) => `${spec.layout} ${spec.crashkernel ?? 'off'}`,
  );
  expect([off, locked, offThread]).toEqual(['stock off', 'thread-2021 off', 'stock 256M']);
  expect(name(0)).toBe('5.10, crashkernel off, stock');
  expect(name(0, 1)).toBe('5.10, crashkernel off, stock and thread-2021');
  expect(name(0, 1, 2)).toBe('5.10, crashkernel off and 256M, stock; crashkernel off, thread-2021');
});

it('names kernels apart that differ in their settings', () => {
  const off = judgedCell({ record: { kernel: null } });
  const on = judgedCell({
    axes: { kernel: ['5.10'], crashkernel: ['1G'] },
    record: { kernel: null },
  });
  const records = [off.record, on.record];
  expect(nameOfCells(records, records)).toBe('debian:6.12, crashkernel off; 5.10, crashkernel 1G');
});

it('names a cell by its id where another cell of the run has its kernel and crashkernel', () => {
  const axes = { kernel: ['6.1'], cpus: [1, 2] };
  const records = expand(axes).map(
    ({ id, spec }) => judgedCell({ record: { id, spec, kernel: null } }).record,
  );
  expect(nameOfCells(records.slice(0, 1), records)).toBe('6.1.no-crashkernel');
});

it('names kernels of one release as they were asked for, others by their release', () => {
  const kernel = ['recipe:plain-6.12', '~/linux@1234abc', 'debian:6.1'];
  const releases = ['6.12.117', '6.12.117', '6.1.0-56'];
  const records = expand({ kernel }).map(({ spec }, index) => {
    const found = { release: releases[index] ?? '', image: '', imageSha256: '', package: null };
    return judgedCell({ record: { spec, kernel: found } }).record;
  });
  expect(kernelNames(records)).toEqual(['recipe:plain-6.12', '~/linux@1234abc', '6.1.0-56']);
});
