// SPDX-License-Identifier: MIT
import type { Judgement, Unjudged, Verdict } from '../../check/judgement.ts';
import { countedAs } from '../../matrix/judged-cell.ts';
import { printableText } from '../../memory/printable-text.ts';

/** What a cell's verdict is called: its kind, and whether that is a known defect; of a seeded fault, whether it was caught. */
export function verdictName(judgement: Judgement): string {
  const { fault } = judgement;
  const { kind } = judgement.verdict;
  if (fault !== null) {
    if (fault.caught.length > 0) return 'fault caught';
    return kind === 'unjudged' ? kind : 'fault missed';
  }
  return kind !== 'match' && countedAs(judgement) === 'match' ? `${kind} (known)` : kind;
}

/** What a verdict says beyond its kind and its broken invariants: lines, made printable. */
export function verdictLines(verdict: Verdict): string[] {
  switch (verdict.kind) {
    case 'match':
      return [];
    case 'mismatch': {
      const { cutShort } = verdict;
      return cutShort ? unjudgedLines('The rest could not be judged: ', cutShort) : [];
    }
    case 'boot-failure':
      return [`Its log tells: ${printableText(verdict.lastLine)}`];
    case 'no-vmcore':
      return [`The kernel was lost in the ${verdict.phase}`];
    case 'unjudged':
      return unjudgedLines('', verdict);
  }
}

function unjudgedLines(before: string, { code, why }: Unjudged): string[] {
  return `${before}${code}: ${why}`.split('\n').map(printableText);
}
