// SPDX-License-Identifier: MIT
import { counted } from '../memory/counted.ts';
import { type Boot, type Change, nameChange } from '../bisect/answers.ts';
import type { BisectEnd, Proof } from '../bisect/bisect.ts';
import type { CellSpec } from '../bundle/cell-record.ts';
import type { InvariantId } from '../check/invariants/invariants.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import { printableText } from '../memory/printable-text.ts';
import { asciiJson } from '../memory/ascii-json.ts';
import { cellPages } from './text/cell-pages.ts';
import { renderLegend, renderPageMap } from './text/page-map-text.ts';
import { cellDocument } from './run-document.ts';
import type { BisectDocument } from './schema/bisect-schema.ts';
import { DOCUMENT_VERSIONS } from './schema/document.ts';
import { type Style, indented, paint, shortened, wrap } from './text/style.ts';

/** All that is known of a bisection that has ended. */
export interface BisectReport extends BisectEnd {
  readonly invariant: InvariantId;
  readonly spec: CellSpec;
  /** What is searched: packages, commits or patches. */
  readonly range: { readonly old: Change; readonly new: Change; readonly length: number };
  readonly boots: readonly Boot[];
  /** How many of them are of earlier runs. */
  readonly earlier: number;
  /** A boot on each side of the change; null where there is none, or its bundle is gone. */
  readonly before: JudgedCell | null;
  readonly after: JudgedCell | null;
  /** To be replayed by `git bisect replay`; null where there are no commits. */
  readonly log: string | null;
  readonly folder: string;
}

/** The bisection as a JSON document. */
export function renderBisectDocument(report: BisectReport): string {
  const { invariant, spec, find, range, outcome, answers, boots, earlier, proof, log } = report;
  const { kernel: _, ...cell } = spec;
  const document: BisectDocument = {
    schema: DOCUMENT_VERSIONS.bisect,
    invariant,
    cell,
    find,
    range,
    outcome,
    before: report.before && cellDocument(report.before),
    after: report.after && cellDocument(report.after),
    answers: changesOf(boots).map((change) => ({ ...change, ...answerOf(change, report) })),
    boots: { total: bootsOf(boots), earlier, keptWanted: answers.wanted },
    proof,
    log,
    bundles: report.folder,
  };
  return `${asciiJson(document, 2)}\n`;
}

/** The bisection for people. */
export function renderBisectReport(report: BisectReport, style: Style): string {
  const { proof, log } = report;
  const sections = [
    answerLines(report, style),
    ...sidesOf(report).map((side) => sideLines(side, report, style)),
    legendLines(report, style),
    skippedLines(report, style),
    proof ? [paint(PROOF_WORDS[proof.kind], 'bold', style), ...item(proof.why, style)] : [],
    log === null ? [] : ['To replay (git bisect replay):', ...logLines(log)],
    [countLine(report), `Bundles: ${report.folder}`],
  ];
  const shown = sections.filter(({ length }) => length > 0);
  return `${shown.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function logLines(log: string): string[] {
  const lines = log.trimEnd().split('\n');
  return lines.map((line) => `  ${printableText(line)}`);
}

/** Characters of a reason to skip a change. */
const WHY_LIMIT = 240;

const PROOF_WORDS: Readonly<Record<Proof['kind'], string>> = {
  proven: 'Proven by reverting it',
  refuted: 'Reverting it does not undo it',
  none: 'Not proven',
};

const FIND_WORDS = { break: 'is broken from here on', fix: 'is kept from here on' } as const;

function answerLines({ outcome, invariant, find }: BisectReport, style: Style): string[] {
  switch (outcome.kind) {
    case 'found':
      return [
        paint(`${invariant} ${FIND_WORDS[find]}:`, 'bold', style),
        ...item(nameChange(outcome.first), style),
        ...item(`the last before it: ${nameChange(outcome.before)}`, style),
      ];
    case 'skips-left':
      return [
        paint(
          `${invariant} ${FIND_WORDS[find]}; it is one of these, and sub1m cannot tell which:`,
          'bold',
          style,
        ),
        ...outcome.candidates.flatMap((change) => item(nameChange(change), style)),
      ];
    case 'end-untold':
      return [
        paint(`Cannot tell whether an end of the range keeps ${invariant}:`, 'bold', style),
        ...item(`${nameChange(outcome.end)}: ${outcome.why}`, style),
        'Name another end, or boot it again with --fresh.',
      ];
  }
}

interface ReportSide {
  readonly name: 'before' | 'after';
  readonly cell: JudgedCell;
}

function sidesOf(report: BisectReport): ReportSide[] {
  return (['before', 'after'] as const).flatMap((name) => {
    const cell = report[name];
    return cell ? [{ name, cell }] : [];
  });
}

function sideLines(
  { name, cell }: ReportSide,
  { invariant }: BisectReport,
  style: Style,
): string[] {
  const found = cell.judgement.invariants.find(({ id }) => id === invariant);
  const release = cell.record.kernel?.release ?? cell.record.spec.kernel;
  const says = `${name}, ${release}: ${found?.outcome ?? 'unseen'}: ${found?.why ?? ''}`;
  const lines = wrap(printableText(says), style.width);
  return [...lines, ...renderPageMap(cellPages(cell.judgement), style)];
}

function legendLines(report: BisectReport, style: Style): string[] {
  return renderLegend(
    sidesOf(report).flatMap(({ cell }) => cellPages(cell.judgement)),
    style,
  );
}

function skippedLines(report: BisectReport, style: Style): string[] {
  const skipped = changesOf(report.boots).flatMap((change) => {
    const answer = report.answers.byChange.get(change.id);
    return answer?.kind === 'skip'
      ? item(`${nameChange(change)}: ${reasonLine(answer.why)}`, style)
      : [];
  });
  return skipped.length === 0 ? [] : ['Skipped:', ...skipped];
}

/** The start of a long reason, such as a compiler's output; the JSON document has all of it. */
function reasonLine(why: string): string {
  const [line = ''] = why.split('\n');
  return shortened(line, WHY_LIMIT);
}

function item(text: string, style: Style): string[] {
  return indented(printableText(text), 2, style);
}

function countLine({ boots, earlier, range, answers }: BisectReport): string {
  const booted = new Set(boots.flatMap(({ change, bundle }) => (bundle === null ? [] : change.id)));
  const missing = changesOf(boots).length - booted.size;
  const again = earlier === 0 ? '' : `, ${earlier} of these answers by earlier runs`;
  const unbuilt = missing === 0 ? '' : `, ${missing} without a kernel`;
  return (
    `${counted(range.length, 'change')}, ${bootsOf(boots)} boots${unbuilt}${again}; ` +
    `kept ${answers.wanted === 1 ? 'once' : `${answers.wanted} times`} counts as kept`
  );
}

function answerOf({ id }: Change, { boots, answers }: BisectReport) {
  const own = boots.filter(({ change }) => change.id === id);
  const count = (kind: string): number => own.filter(({ fact }) => fact.kind === kind).length;
  const answer = answers.byChange.get(id);
  const why = answer?.kind === 'skip' ? answer.why : (own.at(-1)?.fact.why ?? null);
  const bundles = own.flatMap(({ bundle }) => bundle ?? []);
  return {
    answer: answer?.kind ?? null,
    why,
    kept: count('kept'),
    broken: count('broken'),
    bundles,
  };
}

function bootsOf(boots: readonly Boot[]): number {
  return boots.filter(({ bundle }) => bundle !== null).length;
}

function changesOf(boots: readonly Boot[]): Change[] {
  return [...new Map(boots.map(({ change }) => [change.id, change])).values()];
}
