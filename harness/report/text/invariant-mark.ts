// SPDX-License-Identifier: MIT
import type { InvariantOutcome, Verdict } from '../../check/judgement.ts';
import { printableText } from '../../memory/printable-text.ts';

/** What a report says of an invariant: its outcome, or `gone`: a known defect that no longer shows. */
export type InvariantMark = InvariantOutcome['outcome'] | 'gone';

/** Tells how an invariant is reported; of a cell that could not be judged no defect is said to be gone. */
export function markInvariant(
  { outcome, known }: InvariantOutcome,
  verdict: Verdict,
): InvariantMark {
  const isGone = outcome === 'kept' && known !== null && verdict.kind !== 'unjudged';
  return isGone ? 'gone' : outcome;
}

/** Where the known defect is told of, made printable; empty where none is listed. */
export function referenceOf({ known }: InvariantOutcome): string {
  return printableText(known?.reference ?? '');
}
