// SPDX-License-Identifier: MIT
import { type CellRecord, PHASES } from '../bundle/cell-record.ts';
import { invariantOf } from './invariants/invariants.ts';
import { type InvariantOutcome, type Unjudged, type Verdict, whyUnseen } from './judgement.ts';
import { type KernelFailure, describeEnd, loadRefused } from './observe/kernel-failure.ts';
import { unjudgedBy } from './observe/unjudged-codes.ts';

/** Whether an invariant shows only after phase observe: a kernel that ends its cell then may not show it. */
function isShownLate({ id }: InvariantOutcome): boolean {
  return PHASES.indexOf(invariantOf(id).shownIn) > PHASES.indexOf('observe');
}

/**
 * The verdict on the kernel. A promise that was seen broken decides, whatever became of the cell afterwards. It is a
 * match only if everything that was asked was seen, and was kept or is a known defect; what a known defect hid by
 * ending the cell does not count.
 */
export function verdictOf(
  record: CellRecord,
  findings: readonly InvariantOutcome[],
  failure: KernelFailure | null,
): Verdict {
  const lost = failure && verdictOfLost(record, failure);
  if (lost) return lost;
  const completed = record.outcome.kind === 'completed';
  const cutShort = completed || loadRefused(record) || failure ? null : unjudged(record);
  const broken = findings.filter((finding) => finding.outcome === 'broken').map(({ id }) => id);
  if (broken.length > 0) return { kind: 'mismatch', broken, ...(cutShort && { cutShort }) };
  if (cutShort) return cutShort;
  if (completed) return matchIfSeen(findings, record);
  if (!isEndingKnown(findings)) return unjudged(record);
  const early = findings.filter((finding) => !isShownLate(finding));
  return matchIfSeen(early, record);
}

/** The verdict on a kernel that ended its cell, where that alone is one. */
function verdictOfLost({ spec }: CellRecord, { where, lastLine }: KernelFailure): Verdict | null {
  if (where === 'boot') return { kind: 'boot-failure', lastLine };
  if (where === 'running' || spec.crashkernel === null) return null;
  return { kind: 'no-vmcore', phase: where };
}

/**
 * A match, unless something was not seen. What only the kernel hides may be: reports say so, and a strict cell has none
 * of it.
 */
function matchIfSeen(findings: readonly InvariantOutcome[], { spec }: CellRecord): Verdict {
  const missing = findings.filter(
    ({ id, outcome, shownBy }) =>
      outcome === 'unseen' && (spec.strict || shownBy === undefined || invariantOf(id).isCore),
  );
  if (missing.length === 0) return { kind: 'match' };
  const lines = missing.map(({ id, ...one }) => `Cannot see ${id}: ${whyUnseen(one)}`);
  return unjudgedBy('E_EVIDENCE', lines.join('\n'));
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
  surprise: 'E_GUEST_LINK',
};

function unjudged(record: CellRecord): Unjudged {
  const { outcome } = record;
  const code = outcome.kind === 'infra' ? outcome.code : CODES[outcome.kind];
  const last = 'lastLines' in outcome ? outcome.lastLines.slice(-LAST_LINES) : [];
  return { kind: 'unjudged', code, why: [describeEnd(record), ...last].join('\n') };
}
