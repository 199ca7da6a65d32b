// SPDX-License-Identifier: MIT
/** Holds the table of docs/model.md to the model. What is kept is tried on a sample; all of it by night. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { INVARIANTS } from '../check/invariants/invariants.ts';
import { MODEL_PROMISE_IDS } from '../model/promises.ts';
import { prove } from '../model/prove.ts';
import { smallMachines } from '../model/small-machines.ts';
import { projectPath } from '../project-root.ts';
import type { ModelInputs } from '../model/model-inputs.ts';
import { tableCell } from './proof-report.ts';
import { proofTable } from './testing/proof-table.ts';
import { wholeProof } from '../model/testing/whole-proof.ts';

/** One machine in so many: a prime, so that all that varies varies in the sample, too. */
const ONE_IN = 211;

function* sample(): Generator<ModelInputs> {
  let index = 0;
  for (const machine of smallMachines()) {
    if (index % ONE_IN === 0) yield machine;
    index += 1;
  }
}

const TABLE = proofTable(readFileSync(projectPath('docs/model.md'), 'utf8'));

it('is of promises that cells are judged by, too', () => {
  for (const id of MODEL_PROMISE_IDS) expect(INVARIANTS).toHaveProperty([id]);
});

describe('the table of policies and promises', () => {
  it.each(TABLE)('$policy, $promise: $cell', ({ policy, promise, cell }) => {
    const isBroken = cell.startsWith('**broken**');
    const machines = isBroken ? smallMachines() : sample();
    const [proof] = wholeProof(prove([promise], policy, machines));
    // A sample has fewer layouts.
    const shown = (text = ''): string => (isBroken ? text : text.replace(/\d+/, 'N'));
    expect(shown(proof && tableCell(proof))).toBe(shown(cell));
  });
});
