// SPDX-License-Identifier: MIT
import type { InvariantOutcome, Verdict } from '../../check/judgement.ts';
import type { JudgedCell } from '../../matrix/judged-cell.ts';
import type { KcidbStatus } from './kcidb-schema.ts';

/** What KCIDB calls what became of an invariant; an unseen one has as many reasons as names. */
const STATUSES: Readonly<Record<Exclude<InvariantOutcome['outcome'], 'unseen'>, KcidbStatus>> = {
  kept: 'PASS',
  broken: 'FAIL',
  known: 'FAIL',
  'not-asked': 'SKIP',
};

/**
 * Codes of cells whose test ran and did not come to its end: the evidence lacks something or cannot be read, the agent
 * went away, or sub1m has a bug. By any other code the host, a download or QEMU kept it from being run.
 */
const EVIDENCE_CODES: readonly string[] = [
  'E_BUG',
  'E_DEADLINE',
  'E_EVIDENCE',
  'E_FORMAT',
  'E_GUEST_LINK',
  'E_MISSING_PAGE',
  'E_UNSUPPORTED_FORMAT',
];

/** What a cell that could not be judged is called. */
export function statusOfCode(code: string): KcidbStatus {
  return EVIDENCE_CODES.includes(code) ? 'ERROR' : 'MISS';
}

/** What an invariant is called in a cell. */
export function statusOf(
  { outcome, shownBy }: InvariantOutcome,
  { record, judgement: { verdict } }: JudgedCell,
): KcidbStatus {
  if (outcome !== 'unseen') return STATUSES[outcome];
  const code = codeOf(verdict);
  // What the kernel hides, and what it died too early to show, is no trouble of a test.
  if (shownBy !== undefined) return 'SKIP';
  if (code !== null) return statusOfCode(code);
  return record.outcome.kind === 'completed' ? 'ERROR' : 'SKIP';
}

function codeOf(verdict: Verdict): string | null {
  if (verdict.kind === 'unjudged') return verdict.code;
  return verdict.kind === 'mismatch' ? (verdict.cutShort?.code ?? null) : null;
}
