// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { readMatrix } from './matrix-file.ts';
import { nameCells } from './expand.ts';
import { faultCells } from './seeded-faults.ts';

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
