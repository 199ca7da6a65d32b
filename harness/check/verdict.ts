// SPDX-License-Identifier: MIT
import { type CellRecord, PHASES } from '../bundle/cell-record.ts';
import { invariantOf } from './invariants/invariants.ts';
import type { InvariantOutcome, Verdict } from './judgement.ts';
import { type KernelFailure, describeEnd, loadRefused } from './observe/kernel-failure.ts';
import { unjudgedBy } from './observe/unjudged-codes.ts';

/** Whether an invariant shows only after phase observe: a kernel that ends its cell then may not show it. */
function isShownLate({ id }: InvariantOutcome): boolean {
  return PHASES.indexOf(invariantOf(id).shownIn) > PHASES.indexOf('observe');
}

/**
 * The verdict on the kernel. It is a match only if everything that was asked was seen, and was kept or is a known
 * defect. What a known defect hid by ending the cell does not count.
 */
export function verdictOf(
  record: CellRecord,
  findings: readonly InvariantOutcome[],
  failure: KernelFailure | null,
): Verdict {
  const { outcome, spec } = record;
  if (failure?.where === 'boot') return { kind: 'boot-failure', lastLine: failure.lastLine };
  if (failure && spec.crashkernel !== null) return { kind: 'no-vmcore', phase: failure.where };
  const completed = outcome.kind === 'completed';
  if (!completed && !loadRefused(record) && !failure) return unjudged(record);
  const broken = findings.filter((finding) => finding.outcome === 'broken').map(({ id }) => id);
  if (broken.length > 0) return { kind: 'mismatch', broken };
  if (completed) return matchIfSeen(findings);
  if (!isEndingKnown(findings)) return unjudged(record);
  return matchIfSeen(findings.filter((finding) => !isShownLate(finding)));
}

function matchIfSeen(findings: readonly InvariantOutcome[]): Verdict {
  const unseen = findings.find(({ outcome }) => outcome === 'unseen');
  if (!unseen) return { kind: 'match' };
  return unjudgedBy('E_EVIDENCE', `Cannot see ${unseen.id}: ${unseen.why}`);
}

function isEndingKnown(findings: readonly InvariantOutcome[]): boolean {
  return findings.some(({ id, outcome }) => outcome === 'known' && invariantOf(id).endsCell);
}

/** Console lines shown, so that a reader sees how far the guest got. */
const LAST_LINES = 5;

/** The error code of each outcome; `infra` has its own. */
const CODES = {
  completed: 'E_EVIDENCE',
  'machine-ended': 'E_GUEST_LINK',
  overrun: 'E_DEADLINE',
  refused: 'E_GUEST_LINK',
};

function unjudged(record: CellRecord): Verdict {
  const { outcome } = record;
  const code = outcome.kind === 'infra' ? outcome.code : CODES[outcome.kind];
  const last = 'lastLines' in outcome ? outcome.lastLines.slice(-LAST_LINES) : [];
  return { kind: 'unjudged', code, why: [describeEnd(record), ...last].join('\n') };
}
