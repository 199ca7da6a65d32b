// SPDX-License-Identifier: MIT
import { MODEL_PROMISE_IDS, type ModelPromiseId } from '../../model/promises.ts';
import { POLICY_IDS, type PolicyId } from '../../policy-id.ts';

/** A cell of the table of proofs. */
interface ProofCell {
  readonly policy: PolicyId;
  readonly promise: ModelPromiseId;
  readonly cell: string;
}

/** The cells of the table of proofs in a document; every policy and promise, or it throws. */
export function proofTable(document: string): ProofCell[] {
  return POLICY_IDS.flatMap((policy) => {
    const row = document
      .split('\n')
      .find(
        (line) =>
          line.startsWith(`| \`${policy}\` | `) &&
          line.split(' | ').length > MODEL_PROMISE_IDS.length,
      );
    const cells = row?.slice(2, -2).split(' | ').slice(1) ?? [];
    return MODEL_PROMISE_IDS.map((promise, index) => {
      const cell = cells[index];
      if (cell === undefined) throw new Error(`No cell for ${policy} and ${promise}`);
      return { policy, promise, cell };
    });
  });
}
