// SPDX-License-Identifier: MIT
/** Every parser, with bytes that were tampered with where it reads: it reads or refuses them, and soon. */
import { expect, it } from 'vitest';
import { fuzz } from './testing/fuzz-engine.ts';
import { fileTargets, kernelTargets } from './testing/fuzz-inputs.ts';

/** Mutants of each; `fuzz.nightly.test.ts` makes more. */
const COUNT = 2000;
/** What no mutant may take, ms: a hundred times what it does take, on a host that does other things. */
const LIMIT_MS = 5000;

it.each([...fileTargets(), ...kernelTargets()])(
  '$name, tampered with, is read or refused with a FormatError',
  (target) => {
    const { failures, slowestMs } = fuzz(target, COUNT);
    expect(failures).toEqual([]);
    expect(slowestMs).toBeLessThan(LIMIT_MS);
  },
  120_000,
);
