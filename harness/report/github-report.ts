// SPDX-License-Identifier: MIT
import type { ComparedRun } from '../matrix/compare-cells.ts';
import { counted } from '../memory/counted.ts';
import { renderPages } from '../memory/page-map.ts';
import { nameOfCells } from './text/cell-names.ts';
import {
  type Finding,
  type FindingGroup,
  type FindingKind,
  groupFindings,
} from './text/finding-groups.ts';
import { groupBy } from '../group-by.ts';
import { shortened } from './text/style.ts';
import { summaryLine } from './text/summary-line.ts';
import type { Annotation } from './workflow-command.ts';

type Level = Annotation['level'];

/** Annotations of a level that GitHub shows of a step. */
const MOST = 10;

/** Different reasons that an annotation gives. */
const MOST_REASONS = 3;

/** Characters of what lists cells, and of one reason. */
const WORDS_LIMIT = 600;

/** How what was found is told; known defects are in the summary of the step. */
const LEVELS: Readonly<
  Partial<Record<FindingKind, { level: Level; title: (group: FindingGroup) => string }>>
> = {
  broken: { level: 'error', title: ({ name }) => `${name} is broken` },
  failed: { level: 'error', title: ({ name }) => `verdict ${name}` },
  missed: { level: 'error', title: ({ name }) => `sub1m missed the seeded fault ${name}` },
  unjudged: { level: 'warning', title: ({ name }) => `could not judge: ${name}` },
  gone: { level: 'warning', title: ({ name }) => `${name} no longer shows a known defect` },
};

/**
 * A run as annotations of a GitHub job, by what was found: what is broken is an error, what could not be judged and a
 * known defect that is gone are warnings. Against a base, what the base breaks too is a warning. There are no more than
 * GitHub shows of one step; the last names the rest.
 */
export function annotateRun(run: ComparedRun): readonly Annotation[] {
  const all = groupFindings(run.cells).flatMap((group) => annotationsOf(group, run));
  const byLevel = groupBy(all, ({ level }) => level);
  return [
    ...limited(byLevel.get('error') ?? []),
    ...limited(byLevel.get('warning') ?? []),
    { level: 'notice', title: 'sub1m', lines: [summaryLine(run)] },
  ];
}

function annotationsOf(group: FindingGroup, run: ComparedRun): Annotation[] {
  const { level, title } = LEVELS[group.kind] ?? {};
  if (level === undefined || title === undefined) return [];
  const old = group.kind === 'broken' ? group.findings.filter((one) => isOld(one, run)) : [];
  const fresh = group.findings.filter((one) => !old.includes(one));
  const words = title(group);
  return [
    { level, title: words, findings: fresh },
    { level: 'warning' as const, title: `${words}, as in the base`, findings: old },
  ].flatMap(({ findings, ...one }) =>
    findings.length === 0 ? [] : [{ ...one, lines: linesOf(findings, { run, group }) }],
  );
}

/** Whether the base of a comparison broke the invariant no less. */
function isOld({ cell, name }: Finding, { comparison }: ComparedRun): boolean {
  const changes = comparison?.cells.find((one) => one.cell.record.id === cell.record.id);
  if (changes === undefined || changes.uncompared !== null) return false;
  return !changes.invariants.some(({ id, isWorse }) => id === name && isWorse);
}

function linesOf(
  findings: readonly Finding[],
  { run, group: { reference } }: { readonly run: ComparedRun; readonly group: FindingGroup },
): string[] {
  const records = findings.map(({ cell }) => cell.record);
  const cells = nameOfCells(
    records,
    run.cells.map(({ record }) => record),
  );
  const reasons = [...new Set(findings.map(reasonOf))];
  const more = reasons.length - MOST_REASONS;
  return [
    `${counted(findings.length, 'cell')}: ${shortened(cells, WORDS_LIMIT)}`,
    ...reasons.slice(0, MOST_REASONS),
    ...(more > 0 ? [`and ${counted(more, 'other reason')}`] : []),
    ...(reference === '' ? [] : [reference]),
  ];
}

function reasonOf({ why, pages, evidence }: Finding): string {
  const parts = [
    why.join(' '),
    ...(pages.length === 0 ? [] : [`pages ${renderPages(pages).join(', ')}`]),
    ...(evidence === null ? [] : [`evidence: ${evidence}`]),
  ];
  return shortened(parts.join('; '), WORDS_LIMIT);
}

function limited(annotations: readonly Annotation[]): readonly Annotation[] {
  if (annotations.length <= MOST) return annotations;
  const rest = annotations.slice(MOST - 1);
  const { level = 'warning' } = rest[0] ?? {};
  const lines = rest.map(({ title }) => title);
  return [...annotations.slice(0, MOST - 1), { level, title: `${rest.length} more`, lines }];
}
