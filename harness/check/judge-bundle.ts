// SPDX-License-Identifier: MIT
import type { Bundle } from '../bundle/bundle.ts';
import type { CellRecord } from '../bundle/cell-record.ts';
import type { VmcoreDigest } from '../vmcore/vmcore-digest.ts';
import { seenFrom } from '../seen.ts';
import { choosePolicy } from './choose-policy.ts';
import { EMULATOR_FAULT, findEmulatorFault } from './observe/emulator-fault.ts';
import type { CellCase } from './invariants/finding.ts';
import { INVARIANTS, type InvariantId } from './invariants/invariants.ts';
import type { FaultOutcome, InvariantOutcome, Judgement, Verdict } from './judgement.ts';
import { findKernelFailure } from './observe/kernel-failure.ts';
import { observe } from './observe/observation.ts';
import { findMisfit } from './observe/personality-fit.ts';
import { predictCell } from './predict-cell.ts';
import { commandLine } from './observe/seen.ts';
import { verdictOf } from './verdict.ts';

/** Says what a cell's evidence says of its kernel; with no machine, and the same each time. */
export function judgeBundle(bundle: Bundle, vmcore: VmcoreDigest | undefined): Judgement {
  const policy = choosePolicy(bundle);
  const emulatorFault = findEmulatorFault(bundle);
  const cell: CellCase = {
    record: bundle.cell,
    cmdline: commandLine(bundle),
    observation: observe(bundle, vmcore),
    prediction: seenFrom(policy, ({ id }) => predictCell(bundle, id)),
    failure: emulatorFault === null ? findKernelFailure(bundle) : null,
  };
  const findings = findInvariants(cell);
  return {
    policy: policy.value,
    observation: cell.observation,
    prediction: cell.prediction.value,
    invariants: findings,
    fault: findFault(bundle.cell, findings),
    verdict: findObstacle(bundle, emulatorFault) ?? verdictOf(cell.record, findings, cell.failure),
  };
}

/** What keeps a cell from saying anything of its kernel, whatever was seen. */
function findObstacle(bundle: Bundle, emulatorFault: string | null): Verdict | null {
  const misfit = findMisfit(bundle);
  if (misfit !== null) return { kind: 'unjudged', code: 'E_PERSONALITY', why: misfit };
  if (emulatorFault === null || bundle.cell.outcome.kind === 'completed') return null;
  return { kind: 'unjudged', code: EMULATOR_FAULT, why: emulatorFault };
}

function findInvariants(cell: CellCase): InvariantOutcome[] {
  return (Object.keys(INVARIANTS) as InvariantId[]).map((id) => {
    const finding = INVARIANTS[id].check(cell);
    const isBroken = finding.outcome === 'broken';
    const seeded = isBroken ? findSeeded(cell.record) : null;
    const known = seeded ?? findKnown(cell.record, id);
    const outcome = known && isBroken ? 'known' : finding.outcome;
    return { ...finding, id, outcome, known };
  });
}

/** The known defects of the cell that break the invariant, by all their references; null if none does. */
function findKnown({ known }: CellRecord, id: InvariantId): InvariantOutcome['known'] {
  const references = known.filter(({ invariant }) => invariant === id).map((one) => one.reference);
  return references.length === 0 ? null : { reference: [...new Set(references)].join(', ') };
}

/** A fault is expected to break promises, whichever. */
function findSeeded({ fault }: CellRecord): InvariantOutcome['known'] {
  return fault && { reference: `seeded fault ${fault.name}` };
}

function findFault({ fault }: CellRecord, findings: readonly InvariantOutcome[]): FaultOutcome | null {
  if (!fault) return null;
  const broken = findings.filter(({ outcome }) => outcome === 'known').map(({ id }) => id);
  return { ...fault, caught: broken.filter((id) => fault.caughtBy.includes(id)) };
}
