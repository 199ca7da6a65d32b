// SPDX-License-Identifier: MIT
/** Holds the table of docs/model.md to the model, on every layout that it speaks of. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { MODEL_PROMISE_IDS } from '../model/promises.ts';
import { prove } from '../model/prove.ts';
import { smallMachines } from '../model/small-machines.ts';
import { wholeProof } from '../model/testing/whole-proof.ts';
import { POLICY_IDS } from '../policy-id.ts';
import { projectPath } from '../project-root.ts';
import { renderProofTable } from './proof-report.ts';

it('is what the command prints that the document names', () => {
  const proofs = POLICY_IDS.flatMap((policy) =>
    wholeProof(prove(MODEL_PROMISE_IDS, policy, smallMachines())),
  );
  expect(readFileSync(projectPath('docs/model.md'), 'utf8')).toContain(renderProofTable(proofs));
});
