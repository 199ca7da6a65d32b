// SPDX-License-Identifier: MIT
import { setImmediate } from 'node:timers/promises';
import { MODEL_PROMISE_IDS, type ModelPromiseId } from '../../model/promises.ts';
import { type Proof, prove } from '../../model/prove.ts';
import { smallMachines } from '../../model/small-machines.ts';
import type { PolicyId } from '../../policy-id.ts';
import { renderProofTable, renderProofs } from '../../report/proof-report.ts';
import type { CommandContext } from '../command-context.ts';

/** What `--prove` takes. */
export const PROVABLE = [...MODEL_PROMISE_IDS, 'all'] as const;

/** From then on a proof says how far it is, ms; and how often. */
const PATIENCE_MS = 2000;

/** `sub1m model --prove`: looks at every small layout there is. */
export async function proofs(
  asked: ModelPromiseId | 'all',
  policies: readonly PolicyId[],
  context: Pick<CommandContext, 'signal' | 'log'>,
): Promise<string> {
  const promises = asked === 'all' ? MODEL_PROMISE_IDS : [asked];
  const found: Proof[] = [];
  for (const policy of policies) found.push(...(await proveOne(promises, policy, context)));
  return asked === 'all' ? renderProofTable(found) : renderProofs(found);
}

async function proveOne(
  promises: readonly ModelPromiseId[],
  policy: PolicyId,
  { signal, log }: Pick<CommandContext, 'signal' | 'log'>,
): Promise<Proof[]> {
  const proof = prove(promises, policy, smallMachines());
  let said = performance.now();
  for (let step = proof.next(); ; step = proof.next()) {
    if (step.done) return step.value;
    // Ctrl-C is heard only between.
    await setImmediate();
    signal.throwIfAborted();
    if (performance.now() - said < PATIENCE_MS) continue;
    said = performance.now();
    log.info(`${policy}: ${step.value} layouts so far`);
  }
}
