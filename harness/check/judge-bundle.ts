// SPDX-License-Identifier: MIT
import type { Bundle } from '../bundle/bundle.ts';
import { predict } from '../model/prediction.ts';
import type { ByteSource } from '../vmcore/byte-source.ts';
import { choosePolicy } from './choose-policy.ts';
import type { CellCase } from './finding.ts';
import { INVARIANTS, type InvariantId } from './invariants.ts';
import type { InvariantOutcome, Judgement } from './judgement.ts';
import { findKernelFailure } from './kernel-failure.ts';
import { findModelInputs } from './model-inputs.ts';
import { observe } from './observation.ts';
import { commandLine, seenFrom } from './seen.ts';
import { type NamedFinding, verdictOf } from './verdict.ts';

/** Says what a cell's evidence says of its kernel; with no machine, and the same each time. */
export async function judgeBundle(
  bundle: Bundle,
  vmcore: ByteSource | undefined,
): Promise<Judgement> {
  const policy = choosePolicy(bundle);
  const cell: CellCase = {
    record: bundle.cell,
    cmdline: commandLine(bundle),
    observation: await observe(bundle, vmcore),
    prediction: seenFrom(policy, ({ id }) =>
      seenFrom(findModelInputs(bundle), (inputs) => ({ value: predict(inputs, id) })),
    ),
    failure: findKernelFailure(bundle),
  };
  const findings = findInvariants(cell);
  return {
    policy: policy.value,
    observation: cell.observation,
    prediction: cell.prediction.value,
    invariants: findings.map(toOutcome),
    verdict: verdictOf(cell.record, findings, cell.failure),
  };
}

function findInvariants(cell: CellCase): NamedFinding[] {
  return (Object.keys(INVARIANTS) as InvariantId[]).map((id) => ({
    id,
    ...INVARIANTS[id].check(cell),
  }));
}

function toOutcome({ outcome, ...rest }: NamedFinding): InvariantOutcome {
  return { ...rest, outcome: outcome === 'not-asked' ? 'unseen' : outcome };
}
