// SPDX-License-Identifier: MIT
import { defineConfig } from 'vitest/config';

const MACHINE_TESTS = 'harness/**/*.qemu.test.ts';
/** Run by `vitest run --project nightly` alone: they build kernels for half an hour. */
const NIGHTLY_TESTS = 'harness/**/*.nightly.test.ts';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['harness/**/*.test.ts'],
          exclude: [MACHINE_TESTS, NIGHTLY_TESTS],
          // Bounds what hangs; a busy host is slow, and no test is one of speed.
          testTimeout: 60_000,
          expect: { poll: { timeout: 30_000 } },
          // Vitest leaves one CPU idle. Files share a process: to start one takes longer than most of them run.
          maxWorkers: '100%',
          isolate: false,
        },
      },
      {
        test: {
          name: 'qemu',
          include: [MACHINE_TESTS],
          // A cell under TCG on a busy host takes a minute; its phases have budgets of their own.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
          // After the unit tests: Vitest wants projects with different workers apart.
          sequence: { groupOrder: 1 },
        },
      },
      { test: { name: 'nightly', include: [NIGHTLY_TESTS], sequence: { groupOrder: 2 } } },
    ],
  },
});
