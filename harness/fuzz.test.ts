// SPDX-License-Identifier: MIT
/** Every parser reads mutated input or refuses it with a FormatError, and takes no time for it. */
import { expect, it } from 'vitest';
import { fuzz } from './vmcore/testing/fuzz-engine.ts';
import { fuzzTargets } from './testing/fuzz-table.ts';

/** Mutants for each parser; `fuzz.nightly.test.ts` makes more. */
const COUNT = 2000;
/** CPU time that a mutant may take, ms: a hundred times what it takes. */
const LIMIT_MS = 5000;

it.each(fuzzTargets())(
  '$name, tampered with, is read or refused with a FormatError',
  (target) => {
    const { failures, slowest } = fuzz(target, COUNT);
    expect(failures).toEqual([]);
    expect(slowest.ms).toBeLessThan(LIMIT_MS);
  },
  120_000,
);
