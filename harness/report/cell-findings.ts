// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import type { InvariantOutcome } from '../check/judgement.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import { renderPages } from '../memory/page-map.ts';
import { type Pfn, pfn } from '../memory/pfn.ts';
import { printableText } from '../memory/printable-text.ts';
import { type CellPage, cellPages } from './cell-pages.ts';
import { VERDICT_FORMATS } from './cell-table.ts';
import { type Style, paint, wrap } from './style.ts';
import { verdictLines } from './verdict-text.ts';

/** What is wrong with a cell: its verdict, and each invariant that is broken or a known defect. */
export function renderFindings({ record, judgement, folder }: JudgedCell, style: Style): string[] {
  const { verdict, invariants } = judgement;
  const wrong = invariants.filter(({ outcome }) => outcome === 'broken' || outcome === 'known');
  if (verdict.kind === 'match' && wrong.length === 0) return [];
  const pages = cellPages(judgement);
  const title = wrap(`${printableText(record.id)}: ${verdict.kind}`, style.width);
  return [
    ...title.map((line) => paint(line, VERDICT_FORMATS[verdict.kind], style)),
    ...verdictLines(verdict).flatMap((line) => indented(line, 2, style)),
    ...wrong.flatMap((invariant) => [
      ...indented(invariantLine(invariant), 2, style),
      ...pageLines(invariant.pages, pages).flatMap((line) => indented(line, 4, style)),
      ...evidenceLines(invariant, folder).flatMap((line) => indented(line, 4, style)),
    ]),
  ];
}

function invariantLine({ id, outcome, why }: InvariantOutcome): string {
  return `${id} ${outcome === 'known' ? 'is a known defect' : 'is broken'}: ${printableText(why)}`;
}

/** The pages of an invariant by what was predicted and observed of them. */
function pageLines(runs: readonly string[], pages: readonly CellPage[]): string[] {
  const byOwners = new Map<string, Pfn[]>();
  for (const page of runs.flatMap(pagesOfRun)) {
    const { predicted, observed } = pages[page] ?? {};
    const owners = `${predicted ?? 'nothing'} predicted, ${observed ?? 'nothing'} observed`;
    byOwners.set(owners, [...(byOwners.get(owners) ?? []), page]);
  }
  return Array.from(byOwners, ([owners, group]) => `${renderPages(group).join(', ')}: ${owners}`);
}

/** The pages of a run as `renderPages()` writes it: `0x10-0x13` or `0x63`. */
function pagesOfRun(run: string): Pfn[] {
  const [first = 0, last = first] = run.split('-').map(Number);
  return Array.from({ length: last - first + 1 }, (_, index) => pfn(first + index));
}

function evidenceLines({ evidence }: InvariantOutcome, folder: string): string[] {
  return evidence === null ? [] : [`evidence: ${join(folder, evidence)}`];
}

function indented(text: string, columns: number, { width }: Style): string[] {
  return wrap(text, width - columns).map((line) => `${' '.repeat(columns)}${line}`);
}
