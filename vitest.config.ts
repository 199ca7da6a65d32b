// SPDX-License-Identifier: MIT
import { defineConfig } from 'vitest/config';

const MACHINE_TESTS = 'harness/**/*.qemu.test.ts';
/** They open reports in Debian's chromium. */
const BROWSER_TESTS = 'harness/**/*.browser.test.ts';
/** Only `npm run nightly` runs them: they build kernels for half an hour. */
const NIGHTLY_TESTS = 'harness/**/*.nightly.test.ts';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['harness/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: [MACHINE_TESTS, BROWSER_TESTS, NIGHTLY_TESTS],
          // Against hangs; a busy host is slow, and no test is one of speed.
          testTimeout: 60_000,
          expect: { poll: { timeout: 30_000 } },
          // All CPUs: Vitest leaves one idle. Files share a process: starting one takes longer than most of them run.
          maxWorkers: '100%',
          isolate: false,
        },
      },
      {
        test: {
          name: 'browser',
          include: [BROWSER_TESTS],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
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
          // After the unit tests: Vitest runs projects with different workers apart.
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'nightly',
          include: [NIGHTLY_TESTS],
          // One that needs longer says so.
          testTimeout: 900_000,
          hookTimeout: 900_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
