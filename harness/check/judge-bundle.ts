// SPDX-License-Identifier: MIT
import type { Bundle } from '../bundle/bundle.ts';
import type { CellRecord } from '../bundle/cell-record.ts';
import type { ByteSource } from '../vmcore/byte-source.ts';
import { choosePolicy } from './choose-policy.ts';
import type { CellCase } from './finding.ts';
import { INVARIANTS, type InvariantId } from './invariants.ts';
import type { InvariantOutcome, Judgement } from './judgement.ts';
import { findKernelFailure } from './kernel-failure.ts';
import { observe } from './observation.ts';
import { findMisfit } from './personality-fit.ts';
import { predictCell } from './predict-cell.ts';
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
    prediction: seenFrom(policy, ({ id }) => predictCell(bundle, id)),
    failure: findKernelFailure(bundle),
  };
  const findings = findInvariants(cell);
  const misfit = findMisfit(bundle);
  return {
    policy: policy.value,
    observation: cell.observation,
    prediction: cell.prediction.value,
    invariants: findings.map(toOutcome),
    verdict:
      misfit === null
        ? verdictOf(cell.record, findings, cell.failure)
        : { kind: 'unjudged', code: 'E_PERSONALITY', why: misfit },
  };
}

function findInvariants(cell: CellCase): NamedFinding[] {
  return (Object.keys(INVARIANTS) as InvariantId[]).map((id) => {
    const finding = INVARIANTS[id].check(cell);
    const known = findKnown(cell.record, id);
    const outcome = known && finding.outcome === 'broken' ? 'known' : finding.outcome;
    return { ...finding, id, outcome, known };
  });
}

/** The known defects of the cell that break the invariant, by all their references; null if none does. */
function findKnown({ known }: CellRecord, id: InvariantId): InvariantOutcome['known'] {
  const references = known.filter(({ invariant }) => invariant === id).map((one) => one.reference);
  return references.length === 0 ? null : { reference: [...new Set(references)].join(', ') };
}

function toOutcome({ outcome, ...rest }: NamedFinding): InvariantOutcome {
  return { ...rest, outcome: outcome === 'not-asked' ? 'unseen' : outcome };
}
