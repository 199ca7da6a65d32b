// SPDX-License-Identifier: MIT
import type { CellRecord } from '../bundle/cell-record.ts';
import type { Finding } from './finding.ts';
import type { InvariantId } from './invariants.ts';
import type { Verdict } from './judgement.ts';
import { type KernelFailure, describeEnd, loadRefused } from './kernel-failure.ts';

/** An invariant with what became of it. */
export type NamedFinding = Finding & { readonly id: InvariantId };

/** What the cell says of its kernel: a match only when all that was asked was seen, and kept. */
export function verdictOf(
  record: CellRecord,
  findings: readonly NamedFinding[],
  failure: KernelFailure | null,
): Verdict {
  const { outcome, spec } = record;
  if (failure?.where === 'boot') return { kind: 'boot-failure', lastLine: failure.lastLine };
  if (failure && spec.crashkernel !== null) return { kind: 'no-vmcore', phase: failure.where };
  const broken = findings.filter((finding) => finding.outcome === 'broken').map(({ id }) => id);
  const conclusive = outcome.kind === 'completed' || loadRefused(record) || failure !== null;
  if (conclusive && broken.length > 0) return { kind: 'mismatch', broken };
  if (outcome.kind !== 'completed') return unjudged(record);
  const unseen = findings.find((finding) => finding.outcome === 'unseen');
  if (!unseen) return { kind: 'match' };
  return { kind: 'unjudged', code: 'E_EVIDENCE', why: `Cannot see ${unseen.id}: ${unseen.why}` };
}

/** Lines of the console that a reader needs to see where a guest was. */
const LAST_LINES = 5;

/** Codes of the errors that outcomes stand for; `infra` brings its own. */
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
