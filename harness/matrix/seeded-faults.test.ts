// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { CellSpec } from '../bundle/cell-record.ts';
import { readMatrix } from './matrix-file.ts';
import { type Axes, nameCells } from './expand.ts';
import { faultCells, faultsOfTheNight } from './seeded-faults.ts';

const SEEDED = {
  base: ['recipe:two-phase-6.12'],
  faults: [
    { name: 'one', axes: { layout: ['thread-2021'] }, caughtBy: ['lowmem.locked'] },
    { name: 'two', axes: { layout: ['stock', 'thread-2021'] }, caughtBy: ['lowmem.released'] },
  ],
};

it('runs the cells of all faults, and before them each once without any', () => {
  const cells = nameCells(faultCells(SEEDED, (axes) => axes));
  expect(cells.map(({ spec, fault }) => [spec.kernel, spec.layout, fault?.name])).toEqual([
    ['recipe:two-phase-6.12', 'thread-2021', undefined],
    ['recipe:two-phase-6.12', 'stock', undefined],
    ['recipe:two-phase-6.12+faults/one', 'thread-2021', 'one'],
    ['recipe:two-phase-6.12+faults/two', 'stock', 'two'],
    ['recipe:two-phase-6.12+faults/two', 'thread-2021', 'two'],
  ]);
  expect(cells[2]?.fault).toEqual({ name: 'one', caughtBy: ['lowmem.locked'] });
});

it('gives a fault to each of several kernels', () => {
  const base = ['recipe:a', 'recipe:b'];
  const cells = faultCells({ base, faults: SEEDED.faults.slice(0, 1) }, (axes) => axes);
  expect(cells.map(({ spec }) => spec.kernel)).toEqual([
    'recipe:a',
    'recipe:b',
    'recipe:a+faults/one',
    'recipe:b+faults/one',
  ]);
});

it('runs a fault that nothing catches as a kernel that must match', () => {
  const fault = { name: 'three', axes: {}, caughtBy: [], uncaught: 'nobody looks' };
  const cells = faultCells({ base: ['recipe:a'], faults: [fault] }, (axes) => axes);
  expect(cells.map(({ spec, fault: seeded }) => [spec.kernel, seeded])).toEqual([
    ['recipe:a', undefined],
    ['recipe:a+faults/three', undefined],
  ]);
});

describe('faultsOfTheNight', () => {
  const fault = (name: string, layout: string[], uncaught?: string) => ({
    name,
    axes: { layout },
    caughtBy: [],
    ...(uncaught !== undefined && { uncaught }),
  });
  const seeded = [
    { base: ['recipe:x'], faults: [fault('a', ['one', 'two']), fault('b', ['one'])] },
    { base: ['recipe:y'], faults: [fault('c', ['one'], 'nobody looks'), fault('a', ['two'])] },
  ];

  /** The faults of a night, when each kernel's cells were last run, and were missed, as told. */
  function tonight(
    count: number,
    ran: Readonly<Record<string, number>>,
    missed: readonly string[] = [],
  ): string[] {
    const outlookOf = ({ spec: { kernel, layout } }: { readonly spec: CellSpec }) => ({
      lastRun: ran[`${kernel} ${layout}`] ?? -Infinity,
      hasMissed: missed.includes(`${kernel} ${layout}`),
    });
    const over = (axes: Axes): Axes => axes;
    return faultsOfTheNight(seeded, { over, outlookOf }, count).flatMap(({ base, faults }) =>
      faults.map(({ name }) => `${base.join()} ${name}`),
    );
  }

  it('takes those that were tried longest ago, on all their kernels; what nothing catches has its turn, too', () => {
    const ran = {
      'recipe:x+faults/a one': 1,
      'recipe:y+faults/a two': 8,
      'recipe:x+faults/b one': 5,
    };
    expect(tonight(1, ran)).toEqual(['recipe:y c']);
    expect(tonight(2, ran)).toEqual(['recipe:x b', 'recipe:y c']);
    expect(tonight(9, ran)).toHaveLength(4);
    expect(tonight(0, ran)).toEqual([]);
    expect(tonight(1, { ...ran, 'recipe:y+faults/c one': 9 })).toEqual(['recipe:x b']);
  });

  it('first tries one again that was missed', () => {
    const ran = { 'recipe:x+faults/a one': 9 };
    expect(tonight(1, ran, ['recipe:y+faults/a two'])).toEqual(['recipe:x a', 'recipe:y a']);
  });
});

it('lets the command line have the last word', () => {
  const cells = faultCells(SEEDED, (axes) => ({ ...axes, cpus: [2] }));
  expect(new Set(cells.map(({ spec }) => spec.cpus))).toEqual(new Set([2]));
});

it('has a patch for each fault of the matrix, and a place in the matrix for each patch', async () => {
  const { axes, seeded } = await readMatrix('faults');
  expect(axes).toEqual([]);
  const folder = new URL('../../images/patches/faults/', import.meta.url);
  const patches = (await readdir(folder)).map((name) => name.replace(/\.patch$/, ''));
  const rows = seeded.flatMap(({ faults }) => faults.map(({ name }) => name));
  expect(rows.toSorted()).toEqual(patches.toSorted());
});
