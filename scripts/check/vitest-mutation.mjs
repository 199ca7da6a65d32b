// SPDX-License-Identifier: MIT
// What Stryker runs for every mutant of `model/`: its tests and the captured cells.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['harness/model/*.test.ts', 'harness/check/testdata.test.ts'],
    // The properties are asked of few machines: they are there to kill what is grossly wrong.
    env: { SUB1M_PROPERTY_RUNS: '100' },
  },
});
