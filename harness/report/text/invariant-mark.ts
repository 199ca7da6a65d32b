// SPDX-License-Identifier: MIT
import type { InvariantOutcome, Verdict } from '../../check/judgement.ts';
import { printableText } from '../../memory/printable-text.ts';

/** How a report presents an invariant: its outcome, or `gone`: a known defect that no longer shows. */
export type InvariantMark = InvariantOutcome['outcome'] | 'gone';

/** How an invariant is reported; where the cell could not be judged, no defect counts as gone. */
export function markInvariant(
  { outcome, known }: InvariantOutcome,
  verdict: Verdict,
): InvariantMark {
  const isGone = outcome === 'kept' && known !== null && verdict.kind !== 'unjudged';
  return isGone ? 'gone' : outcome;
}

/** The reference of the known defect, made printable; empty where none is listed. */
export function referenceOf({ known }: InvariantOutcome): string {
  return printableText(known?.reference ?? '');
}
