// SPDX-License-Identifier: MIT
import type { Bundle } from '../bundle/bundle.ts';
import type { CellRecord } from '../bundle/cell-record.ts';
import type { VmcoreDigest } from '../vmcore/vmcore-digest.ts';
import { seenFrom } from '../seen.ts';
import { choosePolicy } from './choose-policy.ts';
import { findEmulatorFault, hasLostTimer } from './observe/emulator-fault.ts';
import { findStarvation } from './observe/starved-host.ts';
import { unjudgedBy } from './observe/unjudged-codes.ts';
import { Evidence, lastKernelPart } from './observe/evidence.ts';
import type { CellCase, Finding } from './invariants/finding.ts';
import { INVARIANT_IDS, type InvariantId, invariantOf } from './invariants/invariants.ts';
import type { FaultOutcome, InvariantOutcome, Judgement, Verdict } from './judgement.ts';
import { findKernelFailure } from './observe/kernel-failure.ts';
import { observe } from './observe/observation.ts';
import { findMisfit } from './observe/personality-fit.ts';
import { predictCell } from './predict-cell.ts';
import { verdictOf } from './verdict.ts';

/** Judges a kernel by the evidence of a cell: no machine is needed, and the answer is always the same. */
export function judgeBundle(bundle: Bundle, vmcore: VmcoreDigest | undefined): Judgement {
  const evidence = new Evidence(bundle);
  const policy = choosePolicy(evidence);
  const emulatorFault = findEmulatorFault(evidence);
  const cell: CellCase = {
    record: evidence.cell,
    cmdline: evidence.cmdline,
    observation: observe(evidence, vmcore),
    prediction: seenFrom(policy, ({ id }) => predictCell(evidence, id)),
    failure: emulatorFault === null ? findKernelFailure(evidence) : null,
  };
  const findings = findInvariants(cell);
  return {
    policy: policy.value,
    observation: cell.observation,
    prediction: cell.prediction.value,
    invariants: findings,
    fault: findFault(cell.record, findings),
    verdict:
      findObstacle(evidence, emulatorFault) ??
      blamingHost(evidence, verdictOf(cell.record, findings, cell.failure)),
  };
}

/** Why the cell proves nothing about its kernel, whatever was seen; null if nothing stands in the way. */
function findObstacle(evidence: Evidence, emulatorFault: string | null): Verdict | null {
  const { changedInput } = evidence.cell;
  if (changedInput !== null) return unjudgedBy('E_INPUT', changedInput);
  const misfit = findMisfit(evidence);
  if (misfit !== null) return unjudgedBy('E_PERSONALITY', misfit);
  const isUnharmed = evidence.cell.outcome.kind === 'completed' && evidence.damage === null;
  if (emulatorFault === null || isUnharmed) return null;
  return unjudgedBy('E_EMULATOR', emulatorFault);
}

/** The verdict, or what the host lacked or its emulator lost, if nothing but a phase's end was missed. */
function blamingHost(evidence: Evidence, verdict: Verdict): Verdict {
  if (verdict.kind !== 'unjudged' || verdict.code !== 'E_DEADLINE') return verdict;
  const starvation = findStarvation(evidence.cell);
  if (starvation !== null) return unjudgedBy('E_HOST', `${starvation}\n${verdict.why}`);
  if (!hasLostTimer(lastKernelPart(evidence.text('console.log') ?? ''))) return verdict;
  return unjudgedBy('E_TIMER', `The machine lost a timer; run the cell again\n${verdict.why}`);
}

function findInvariants(cell: CellCase): InvariantOutcome[] {
  return INVARIANT_IDS.map((id) => {
    const finding = soFar(invariantOf(id).check(cell), id, cell);
    const isBroken = finding.outcome === 'broken';
    const seeded = isBroken ? findSeeded(cell.record) : null;
    const known = seeded ?? findKnown(cell.record, id);
    const outcome = known && isBroken ? 'known' : finding.outcome;
    return { ...finding, id, outcome, known };
  });
}

/** What a kernel kept that died on the way, it kept so far: more than that was not seen. */
function soFar(finding: Finding, id: InvariantId, { observation }: CellCase): Finding {
  const isPartial = observation.died !== null && id.startsWith('lowmem.');
  if (!isPartial || finding.outcome !== 'kept') return finding;
  return { ...finding, outcome: 'unseen', why: `When it died: ${finding.why}` };
}

/** The references of the cell's known defects that break the invariant; null if it has none. */
function findKnown({ known }: CellRecord, id: InvariantId): InvariantOutcome['known'] {
  const references = known.filter(({ invariant }) => invariant === id).map((one) => one.reference);
  return references.length === 0 ? null : { reference: [...new Set(references)].join(', ') };
}

/** A seeded fault may break any promise. */
function findSeeded({ fault }: CellRecord): InvariantOutcome['known'] {
  return fault && { reference: `seeded fault ${fault.name}` };
}

function findFault(
  { fault }: CellRecord,
  findings: readonly InvariantOutcome[],
): FaultOutcome | null {
  if (!fault) return null;
  const broken = findings.filter(({ outcome }) => outcome === 'known').map(({ id }) => id);
  return { ...fault, caught: broken.filter((id) => fault.caughtBy.includes(id)) };
}
