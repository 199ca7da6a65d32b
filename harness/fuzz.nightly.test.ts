// SPDX-License-Identifier: MIT
/** Like `fuzz.test.ts`, with 100,000 mutants for each parser; `vmcore/fuzz.nightly.test.ts` has those of dumps. */
import { describe } from 'vitest';
import { guestTargets } from './testing/fuzz-table.ts';
import { itTakesMutants } from './vmcore/testing/mutants-suite.ts';

describe('tampered with', () => {
  itTakesMutants(guestTargets());
});
