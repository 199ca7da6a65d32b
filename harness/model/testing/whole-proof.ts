// SPDX-License-Identifier: MIT
import type { Proof } from '../prove.ts';

/** What a proof comes to. */
export function wholeProof(proof: Generator<number, Proof[]>): Proof[] {
  for (;;) {
    const step = proof.next();
    if (step.done) return step.value;
  }
}
