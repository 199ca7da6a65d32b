// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { invariantOf } from '../../check/invariants/invariants.ts';
import { type InvariantOutcome, type Judgement, whyUnseen } from '../../check/judgement.ts';
import { type JudgedCell, countedAs } from '../../matrix/judged-cell.ts';
import { renderPages } from '../../memory/page-map.ts';
import type { Pfn } from '../../memory/pfn.ts';
import { printableText } from '../../memory/printable-text.ts';
import { type CellPage, cellPages } from './cell-pages.ts';
import { COUNT_FORMATS } from './cell-table.ts';
import { type InvariantMark, markInvariant, referenceOf } from './invariant-mark.ts';
import { type Style, indented, paint, wrap } from './style.ts';
import { unseenName, unseenOf } from './unseen.ts';
import { verdictLines, verdictName } from './verdict-text.ts';

/**
 * What is wrong with a cell: its verdict, and each invariant that is broken, a known defect or not seen; and each known
 * defect that no longer shows.
 */
export function renderFindings(cell: JudgedCell, style: Style): string[] {
  const { record, judgement, folder } = cell;
  const { verdict, invariants } = judgement;
  const hidden = new Set(unseenOf(cell).map(({ id }) => id));
  const named = invariants.flatMap((invariant) => {
    const says = hidden.has(invariant.id)
      ? 'could not be seen'
      : SAYINGS[markInvariant(invariant, verdict)]?.(referenceOf(invariant));
    return says === undefined ? [] : [{ ...invariant, says }];
  });
  if (verdict.kind === 'match' && named.length === 0) return [];
  const pages = cellPages(judgement);
  const words = [verdictName(judgement), unseenName(cell)].filter((word) => word !== '');
  const title = wrap(`${printableText(record.id)}: ${words.join(', ')}`, style.width);
  return [
    ...title.map((line) => paint(line, COUNT_FORMATS[countedAs(judgement)], style)),
    ...[...verdictLines(verdict), ...stackLines(judgement)].flatMap((line) =>
      indented(line, 2, style),
    ),
    ...named.flatMap(({ says, ...invariant }) => [
      ...indented(`${invariant.id} ${says}: ${printableText(whyUnseen(invariant))}`, 2, style),
      ...proofLines(invariant, pages, folder).flatMap((line) => indented(line, 4, style)),
    ]),
  ];
}

/** Where the kernel was that ended its cell. */
function stackLines({ observation: { deadStack } }: Judgement): string[] {
  return deadStack.length === 0 ? [] : [`Its stack: ${deadStack.join(' < ')}`];
}

/** What was compared of a cell's vmcore and came out as it should, and what alone may differ. */
export function renderProofs({ record, judgement }: JudgedCell, style: Style): string[] {
  const kept = judgement.invariants.filter(
    ({ id, outcome }) => outcome === 'kept' && invariantOf(id).isProof,
  );
  if (kept.length === 0) return [];
  return [
    ...wrap(`${printableText(record.id)}: the vmcore`, style.width),
    ...kept.flatMap(({ id, why }) => indented(`${id} is kept: ${printableText(why)}`, 2, style)),
  ];
}

/** What is said about an invariant that a reader must know about. */
const SAYINGS: Readonly<Partial<Record<InvariantMark, (reference: string) => string>>> = {
  broken: () => 'is broken',
  known: (reference) => `is a known defect (${reference})`,
  gone: (reference) => `no longer shows a known defect (${reference})`,
};

/** The pages of a broken invariant, and where the evidence is. */
function proofLines(
  invariant: InvariantOutcome,
  pages: readonly CellPage[],
  folder: string,
): string[] {
  const concerned = invariant.outcome === 'kept' ? [] : pageLines(invariant.pages, pages);
  return [...concerned, ...evidenceLines(invariant, folder)];
}

/** The pages of an invariant by what was predicted and observed of them. */
export function pageLines(concerned: readonly Pfn[], pages: readonly CellPage[]): string[] {
  const byOwners = new Map<string, Pfn[]>();
  for (const page of concerned) {
    const { predicted, observed } = pages[page] ?? {};
    const owners = `${predicted ?? 'nothing'} predicted, ${observed ?? 'nothing'} observed`;
    byOwners.set(owners, [...(byOwners.get(owners) ?? []), page]);
  }
  return Array.from(byOwners, ([owners, group]) => `${renderPages(group).join(', ')}: ${owners}`);
}

function evidenceLines({ evidence }: InvariantOutcome, folder: string): string[] {
  return evidence === null ? [] : [`evidence: ${join(folder, evidence)}`];
}
