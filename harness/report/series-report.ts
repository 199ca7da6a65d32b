// SPDX-License-Identifier: MIT
import {
  type SeriesResult,
  type SeriesStep,
  type StepOutcome,
  changedCells,
  firstBad,
  stepOutcome,
} from '../matrix/series.ts';
import { printableText } from '../memory/printable-text.ts';
import { asciiJson } from '../memory/ascii-json.ts';
import { renderFindings } from './text/cell-findings.ts';
import { renderChanges } from './changes-report.ts';
import { runDocument } from './run-document.ts';
import { DOCUMENT_VERSIONS } from './schema/document.ts';
import type { SeriesDocument } from './schema/series-schema.ts';
import { type Format, type Style, indented, paint } from './text/style.ts';
import { verdictName } from './text/verdict-text.ts';

const FORMATS: Readonly<Record<StepOutcome, Format>> = {
  good: 'green',
  bad: 'red',
  unjudged: 'yellow',
};

/** A series for people: a line for each patch, what each changes, and the first bad one. */
export function renderSeries(series: SeriesResult, style: Style): string {
  const { steps } = series;
  const sections = [
    steps.map((step, nr) => paint(stepLine(step, nr), FORMATS[stepOutcome(step)], style)),
    ...steps.map((step, nr) => stepDetails(step, nr, style)),
    indented(seriesSummary(series), 0, style),
  ];
  const shown = sections.filter((lines) => lines.length > 0);
  return `${shown.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** One sentence on the whole series. */
export function seriesSummary(series: SeriesResult): string {
  const bad = firstBad(series);
  if (bad !== undefined) {
    const step = series.steps[bad];
    return `The first bad patch is ${bad}: ${printableText(step?.name ?? '')}`;
  }
  const unjudged = series.steps.filter((step) => stepOutcome(step) === 'unjudged').length;
  const nr = series.steps.length - 1;
  const checked = `${nr} patch${nr === 1 ? '' : 'es'} checked, none is bad`;
  return unjudged === 0 ? checked : `${checked}, ${unjudged} could not be judged`;
}

/** A patch with its number and outcome. */
function stepLine(step: SeriesStep, nr: number): string {
  const name = `${nr === 0 ? 'base' : String(nr).padStart(4)}  ${printableText(step.name)}`;
  if (step.refused !== null) return `${name}: ${printableText(step.refused)}`;
  if (step.run === null) return `${name}: not checked`;
  const { cells } = step.run;
  const verdicts = new Set(cells.map(({ judgement }) => verdictName(judgement)));
  const changed = changedCells(step);
  const compared = changed === 0 ? 'no difference' : `changes ${changed} of ${cells.length} cells`;
  return `${name}: ${[...verdicts].join(', ')}${nr === 0 ? '' : `; ${compared}`}`;
}

/** What a patch changes; what is wrong already with the base. */
function stepDetails({ run }: SeriesStep, nr: number, style: Style): string[] {
  if (nr === 0) return run?.cells.flatMap((cell) => renderFindings(cell, style)) ?? [];
  if (!run?.comparison || changedCells({ name: '', refused: null, run }) === 0) return [];
  return [`Patch ${nr}`, ...renderChanges(run.comparison, style)];
}

/** A series as a JSON document: the document of a run for each step. */
export function renderSeriesDocument(series: SeriesResult): string {
  const document: SeriesDocument = {
    schema: DOCUMENT_VERSIONS.series,
    firstBad: firstBad(series) ?? null,
    steps: series.steps.map((step) => ({
      name: step.name,
      outcome: stepOutcome(step),
      refused: step.refused,
      run: step.run && runDocument(step.run),
    })),
  };
  return `${asciiJson(document, 2)}\n`;
}
