// SPDX-License-Identifier: MIT
import { invariantOf } from '../check/invariants/invariants.ts';
import { type JudgedCell, countedAs, summary } from '../matrix/judged-cell.ts';
import { counted } from '../memory/counted.ts';
import { printableText } from '../memory/printable-text.ts';
import { renderChanges } from './changes-report.ts';
import { reproduceCommand } from './reproduce-command.ts';
import { pageLines } from './text/cell-findings.ts';
import { crashkernelName, kernelNames, layoutName } from './text/cell-names.ts';
import { cellPages, disagrees } from './text/cell-pages.ts';
import { type DetectionWords, type ReportedRun, detectionOfRun } from './text/detection.ts';
import { missedWords } from './text/fault-table.ts';
import {
  type Finding,
  type FindingGroup,
  type FindingKind,
  groupFindings,
} from './text/finding-groups.ts';
import { groupMaps } from './text/map-groups.ts';
import { code, document, fence, link, table } from './text/markdown.ts';
import { type MergePart, mergeParts } from './text/merge-lines.ts';
import { renderLegend, renderPageMap } from './text/page-map-text.ts';
import { shortened, wrap } from './text/style.ts';
import { summaryLine } from './text/summary-line.ts';
import { unseenLines, unseenOf } from './text/unseen.ts';
import { verdictName } from './text/verdict-text.ts';

/** Mail: no colour, 76 columns behind a quotation mark. */
const STYLE = { colour: false, width: 76 };

/** Of more cells a reader wants those that are not as they should be. */
const MOST_ROWS = 50;

/** Cells that a finding shows in full. */
const MOST_CELLS = 3;

/** Maps of pages that are shown. */
const MOST_MAPS = 8;

/** Characters of a cell of a table, and of the name of several cells. */
const CELL_LIMIT = 60;
const NAME_LIMIT = 300;

/** A run in Markdown, for a mail, an issue or the summary of a CI step: what matters most comes first. */
export function renderMarkdown(run: ReportedRun): string {
  const { match, mismatch, unjudged } = summary(run.cells);
  const groups = groupFindings(run.cells);
  const detection = detectionOfRun(run);
  const isBlind = detection?.state === 'blind';
  const faults = detection === null ? [] : faultBlocks(detection, run.cells);
  return document([
    `## sub1m: ${match} match, ${mismatch} mismatch, ${unjudged} unjudged`,
    summaryLine(run),
    ...(run.merge ? mergeParts(run.merge).flatMap(mergeBlocks) : []),
    ...(isBlind ? faults : []),
    ...cellTable(run.cells),
    ...CHAPTERS.flatMap(({ title, kinds }) => {
      const told = groups.filter(({ kind }) => kinds.includes(kind));
      return told.length === 0 ? [] : [`### ${title}`, ...told.flatMap(chapterBlocks)];
    }),
    ...unseenBlocks(run.cells),
    ...(isBlind ? [] : faults),
    ...mapBlocks(run.cells),
    ...(run.comparison
      ? ['### Compared with the base', fence(renderChanges(run.comparison, STYLE))]
      : []),
    `Bundles: ${code(run.folder)}`,
  ]);
}

function mergeBlocks({ title, lines }: MergePart): string[] {
  return [`### ${code(title)}`, lines.map((line) => `- ${code(line)}`).join('\n')];
}

interface Chapter {
  readonly title: string;
  readonly kinds: readonly FindingKind[];
}

const CHAPTERS: readonly Chapter[] = [
  { title: 'Broken', kinds: ['broken', 'failed', 'missed'] },
  { title: 'Could not be judged', kinds: ['unjudged'] },
  { title: 'Known defects', kinds: ['known'] },
  { title: 'Known defects that no longer show', kinds: ['gone'] },
];

/** What a group says in one line of Markdown. */
const SAYINGS: Readonly<Record<FindingKind, (group: FindingGroup) => string>> = {
  broken: ({ name }) => `${code(name)} is broken: the kernel promises that ${promiseOf(name)}`,
  failed: ({ name }) => `The verdict is ${code(name)}`,
  missed: ({ name }) => `**sub1m missed the seeded fault** ${code(name)}`,
  unjudged: ({ name }) => code(name),
  known: ({ name, reference }) => `${code(name)} is a known defect: ${link(reference)}`,
  gone: ({ name, reference }) => `${code(name)} no longer shows ${link(reference)}`,
};

function promiseOf(name: string): string {
  return invariantOf(name as Parameters<typeof invariantOf>[0]).promise;
}

function chapterBlocks(group: FindingGroup): string[] {
  const { findings, kind } = group;
  const more = findings.length - MOST_CELLS;
  const shown = findings.slice(0, MOST_CELLS);
  const proof = shown.flatMap(findingLines);
  const rest = more > 0 ? [`and ${counted(more, 'other cell')}`] : [];
  const [first] = findings;
  return [
    `${SAYINGS[kind](group)} (${counted(findings.length, 'cell')})`,
    fence([...proof, ...rest]),
    ...(first && kind !== 'known'
      ? ['To reproduce:', fence([reproduceCommand(first.cell.record.spec)])]
      : []),
  ];
}

function findingLines({ cell, why, pages, evidence }: Finding): string[] {
  const { record, judgement, folder } = cell;
  const proof = [
    ...why,
    ...pageLines(pages, cellPages(judgement)),
    ...(evidence === null ? [] : [`evidence: ${folder}/${evidence}`]),
  ];
  return [
    printableText(record.id),
    ...proof.flatMap((line) =>
      wrap(printableText(line), STYLE.width - 2).map((part) => `  ${part}`),
    ),
  ];
}

/** A row for each cell, or for each that is not as it should be. */
function cellTable(cells: readonly JudgedCell[]): string[] {
  const names = kernelNames(cells.map(({ record }) => record));
  const rows = cells.map((cell, nr) => ({ cell, name: names[nr] ?? '' }));
  const bad = rows.filter(({ cell }) => countedAs(cell.judgement) !== 'match');
  const shown = (rows.length <= MOST_ROWS ? rows : bad).slice(0, MOST_ROWS);
  const left = cells.length - shown.length;
  const cut = (text: string): string => code(shortened(text, CELL_LIMIT));
  return [
    ...(shown.length === 0
      ? []
      : [
          table(
            ['kernel', 'layout', 'crashkernel', 'accel', 'policy', 'verdict', 'seconds'],
            shown.map(({ cell, name }) => [
              cut(name),
              cut(layoutName(cell.record)),
              cut(crashkernelName(cell.record)),
              cell.record.machine?.accel.kind ?? cell.record.spec.accel,
              cell.judgement.policy?.id ?? 'unknown',
              verdictText(cell),
              (cell.record.seconds['total'] ?? 0).toFixed(1),
            ]),
          ),
        ]),
    ...(left > 0 ? [`${counted(left, 'other cell')} not shown here.`] : []),
  ];
}

function verdictText(cell: JudgedCell): string {
  const { length } = unseenOf(cell);
  const name = verdictName(cell.judgement);
  const isBad = countedAs(cell.judgement) !== 'match';
  return `${isBad ? `**${name}**` : name}${length === 0 ? '' : `, ${length} unseen`}`;
}

function unseenBlocks(cells: readonly JudgedCell[]): string[] {
  const lines = unseenLines(cells);
  return lines.length === 0
    ? []
    : ['### Promises that could not be seen', lines.map((line) => `- ${code(line)}`).join('\n')];
}

/** What sub1m itself is worth: how many of the mistakes that it was given it has found. */
function faultBlocks(
  { title, state, lists }: DetectionWords,
  cells: readonly JudgedCell[],
): string[] {
  const seeded = cells.filter(({ judgement: { fault } }) => fault !== null);
  const names = lists.map(({ says, names: some }) => `- ${says}: ${some.map(code).join(', ')}`);
  const power = `Detection power: ${title}`;
  return [
    '### Seeded faults',
    state === 'blind' ? `**${power}**` : power,
    ...(names.length === 0 ? [] : [names.join('\n')]),
    ...(seeded.length === 0 ? [] : [table(['fault', 'caught by'], seeded.map(faultRow))]),
  ];
}

function faultRow({ judgement }: JudgedCell): string[] {
  const { name = '', caught = [] } = judgement.fault ?? {};
  const by = {
    match: () => caught.map(code).join(', '),
    mismatch: () => `**nothing**: ${code(missedWords(judgement))}`,
    unjudged: () => 'could not be judged',
  };
  return [code(name), by[countedAs(judgement)]()];
}

/** The maps of cells in which a page was not observed as predicted. */
function mapBlocks(cells: readonly JudgedCell[]): string[] {
  const groups = groupMaps(cells).filter(({ pages }) => pages.some(disagrees));
  if (groups.length === 0) return [];
  const maps = groups
    .slice(0, MOST_MAPS)
    .flatMap(({ name, pages }) => [
      code(shortened(name, NAME_LIMIT)),
      fence([...renderPageMap(pages, STYLE), ...renderLegend(pages, STYLE)]),
    ]);
  const more = groups.length - MOST_MAPS;
  return [
    '### Pages that differ',
    ...maps,
    ...(more > 0 ? [`${counted(more, 'other map')} not shown here.`] : []),
  ];
}
