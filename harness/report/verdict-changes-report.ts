// SPDX-License-Identifier: MIT
import type { ToldVerdict, VerdictChange } from '../matrix/verdict-change.ts';
import { asciiJson } from '../memory/ascii-json.ts';
import { counted } from '../memory/counted.ts';
import { printableText } from '../memory/printable-text.ts';
import { DOCUMENT_VERSIONS } from './schema/document.ts';
import type { VerdictChangesDocument } from './schema/verdict-changes-schema.ts';
import { type Style, indented, renderSeconds } from './text/style.ts';

/** A run that was judged again. */
export interface ShownRun {
  readonly run: string;
  readonly folder: string;
  /** How many cells were judged. */
  readonly cells: number;
  readonly changes: readonly VerdictChange[];
  /** Cells that had no verdict to compare with. */
  readonly unrecorded: readonly string[];
  /** How many were judged by what is left of a vmcore that was removed. */
  readonly removed: number;
  readonly notJudged: readonly { readonly folder: string; readonly why: string }[];
  readonly seconds: number;
}

/** Runs that were judged again. */
export interface ShownChanges {
  readonly runs: readonly (Omit<ShownRun, 'changes'> & { readonly changed: number })[];
  /** Each with its run: all of them, or the first. */
  readonly changes: readonly (readonly [run: string, change: VerdictChange])[];
}

/** The line of a run. */
export function renderRunAgain(again: ShownRun): string {
  const { run, cells, changes, unrecorded, removed, notJudged, seconds } = again;
  const parts = [
    counted(cells, 'cell'),
    `${changes.length} changed`,
    ...(unrecorded.length > 0 ? [`${unrecorded.length} without a recorded verdict`] : []),
    ...(notJudged.length > 0 ? [`${notJudged.length} not judged`] : []),
    ...(removed > 0 ? [`${removed} by what --keep left of the vmcore`] : []),
  ];
  return `${printableText(run)}: ${parts.join(', ')}, in ${renderSeconds(seconds)}\n`;
}

/** The cells whose verdict is not the recorded one, and a last line that counts. */
export function renderChanges(shown: ShownChanges, style: Style): string {
  const cells = shown.changes.map(([run, change]) => renderChange(run, change, style));
  const judged = shown.runs.reduce((sum, { cells: count }) => sum + count, 0);
  const changed = totalOf(shown);
  const more = changed - shown.changes.length;
  const last =
    `${counted(shown.runs.length, 'run')}, ${counted(judged, 'cell')}: ` +
    `${changed === 1 ? '1 verdict' : `${changed} verdicts`} changed`;
  return [
    '',
    ...cells,
    ...(more > 0 ? [`… and ${more} more; judge fewer runs at a time`, ''] : []),
    `${last}\n`,
  ].join('\n');
}

function renderChange(
  run: string,
  { cell, from, to, invariants }: VerdictChange,
  style: Style,
): string {
  const by = [
    ...(from.policy === to.policy
      ? []
      : [`policy ${from.policy ?? 'none'} → ${to.policy ?? 'none'}`]),
    `recorded by sub1m ${from.sub1m ?? '(version not told)'}, judged by ${to.sub1m}`,
  ].join('; ');
  const lines = invariants.map(({ id, from: was, to: is, why }) => {
    const outcome = `${was ?? 'not judged'} → ${is ?? 'not judged'}`;
    return `${id}: ${outcome}${why === '' ? '' : `: ${why}`}`;
  });
  return [
    `${printableText(run)}/${cell}: ${renderTold(from)} → ${renderTold(to)}`,
    ...[...lines, by].flatMap((line) => indented(printableText(line), 2, style)),
    '',
  ].join('\n');
}

/** `mismatch (lowmem.locked)`, `unjudged (E_EVIDENCE)`, `match (known: kdump.dmesg)`. */
function renderTold({ kind, detail, broken, known }: ToldVerdict): string {
  const parts = [
    ...(detail === null ? [] : [detail]),
    ...broken,
    ...(known.length > 0 ? [`known: ${known.join(', ')}`] : []),
  ];
  return printableText(parts.length === 0 ? kind : `${kind} (${parts.join(', ')})`);
}

/** The same as the JSON document of `schema/verdict-changes-schema.ts`. */
export function renderChangesDocument(shown: ShownChanges): string {
  const document: VerdictChangesDocument = {
    schema: DOCUMENT_VERSIONS['verdict-changes'],
    runs: shown.runs.map(({ notJudged, ...run }) => ({
      ...run,
      notJudged: notJudged.map(({ folder, why }) => ({ folder, why })),
    })),
    changes: shown.changes.map(([run, { cell, folder, from, to, invariants }]) => ({
      run,
      cell,
      bundle: folder,
      from,
      to,
      invariants,
    })),
    more: totalOf(shown) - shown.changes.length,
  };
  return `${asciiJson(document, 2)}\n`;
}

function totalOf({ runs }: ShownChanges): number {
  return runs.reduce((sum, { changed }) => sum + changed, 0);
}
