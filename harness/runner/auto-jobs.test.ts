// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { autoJobs } from './auto-jobs.ts';

const cell = { cpus: 1, memoryMiB: 1024 };

it.each([
  ['a processor each', [cell, cell], { cpus: 16, availableMiB: 99_999 }, 16],
  [
    'less where machines have more',
    [cell, { ...cell, cpus: 3 }],
    { cpus: 16, availableMiB: 99_999 },
    8,
  ],
  [
    'what fits into memory',
    [cell, { ...cell, memoryMiB: 4096 }],
    { cpus: 16, availableMiB: 10_000 },
    2,
  ],
  ['one at least', [{ ...cell, cpus: 4 }], { cpus: 2, availableMiB: 100 }, 1],
  ['no less where memory is not known', [cell], { cpus: 2, availableMiB: null }, 2],
])('runs %s', (_, cells, offer, jobs) => {
  expect(autoJobs(cells, offer)).toBe(jobs);
});
