// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { admissionOf, autoJobs } from './auto-jobs.ts';

const { signal } = new AbortController();
const cell = { cpus: 1, memoryMiB: 1024 };

it.each([
  {
    what: 'a processor each',
    cells: [cell, cell],
    offer: { cpus: 16, availableMiB: 99_999 },
    jobs: 16,
  },
  {
    what: 'less where most machines have more',
    cells: [cell, { ...cell, cpus: 4 }, { ...cell, cpus: 4 }],
    offer: { cpus: 16, availableMiB: 99_999 },
    jobs: 4,
  },
  {
    what: 'what fits into memory',
    cells: [cell, { ...cell, memoryMiB: 4096 }],
    offer: { cpus: 16, availableMiB: 10_000 },
    jobs: 2,
  },
  {
    what: 'one at least',
    cells: [{ ...cell, cpus: 4 }],
    offer: { cpus: 2, availableMiB: 100 },
    jobs: 1,
  },
  {
    what: 'no less where memory is not known',
    cells: [cell],
    offer: { cpus: 2, availableMiB: null },
    jobs: 2,
  },
])('runs $what', ({ cells, offer, jobs }) => {
  expect(autoJobs(cells, offer)).toBe(jobs);
});

it.each([
  { jobs: 2, cells: [cell, { cpus: 64, memoryMiB: 1024 }], isLetIn: true },
  { jobs: 1, cells: [cell, cell], isLetIn: false },
  { jobs: 'auto' as const, cells: [cell, cell], isLetIn: true },
  { jobs: 'auto' as const, cells: [cell, { cpus: 2, memoryMiB: 1024 }], isLetIn: false },
  { jobs: 'auto' as const, cells: [cell, { cpus: 1, memoryMiB: 9000 }], isLetIn: false },
])('with $jobs lets a second machine in: $isLetIn', async ({ jobs, cells, isLetIn }) => {
  const admission = admissionOf(jobs, { cpus: 2, availableMiB: 8000 });
  const entered: number[] = [];
  for (const [nr, one] of cells.entries()) {
    void admission.enter({ ...one, memoryMiB: one.memoryMiB }, signal).then(() => entered.push(nr));
  }
  await new Promise(setImmediate);
  expect(entered).toEqual(isLetIn ? [0, 1] : [0]);
});
