// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { autoJobs } from './auto-jobs.ts';

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
