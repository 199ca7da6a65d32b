// SPDX-License-Identifier: MIT
import { type InvariantOutcome, type Verdict, whyUnseen } from '../check/judgement.ts';
import type { ComparedRun } from '../matrix/compare-cells.ts';
import { type JudgedCell, countedAs } from '../matrix/judged-cell.ts';
import type { MissingCell } from '../matrix/merged-run.ts';
import { asciiJson } from '../memory/ascii-json.ts';
import { type InvariantMark, markInvariant, referenceOf } from './text/invariant-mark.ts';
import { escapeTap, renderPoint } from './text/tap-point.ts';
import { renderPages } from '../memory/page-map.ts';

/** How TAP puts a mark: a known defect is a TODO, not ok but no failure. */
const MARKS: Readonly<
  Record<InvariantMark, { ok: boolean; directive: (invariant: InvariantOutcome) => string }>
> = {
  kept: { ok: true, directive: () => '' },
  broken: { ok: false, directive: () => '' },
  known: { ok: false, directive: todo },
  gone: { ok: true, directive: todo },
  unseen: { ok: true, directive: skip },
  'not-asked': { ok: true, directive: skip },
};

function skip(invariant: InvariantOutcome): string {
  return ` # SKIP ${escapeTap(whyUnseen(invariant))}`;
}

function todo(invariant: InvariantOutcome): string {
  return ` # TODO ${escapeTap(referenceOf(invariant))}`;
}

/** A run as TAP 14: a subtest for each cell, in it a point for each invariant; a point for each cell that was not run. */
export function renderTap({ cells, merge }: ComparedRun): string {
  const missing = merge?.missing ?? [];
  const subtests = cells.flatMap((cell, index) => subtest(cell, index + 1));
  const lost = missing.flatMap((cell, index) => missingPoint(cell, cells.length + index + 1));
  const plan = `1..${cells.length + missing.length}`;
  return `${['TAP version 14', plan, ...subtests, ...lost].join('\n')}\n`;
}

/** A cell that was to be run. */
function missingPoint({ cell, why }: MissingCell, number: number): string[] {
  const description = `- ${escapeTap(cell)}`;
  return [renderPoint({ ok: false, number, description }), ...yaml({ missing: why })];
}

function subtest({ record, judgement, folder }: JudgedCell, number: number): string[] {
  const { invariants, verdict } = judgement;
  const points = invariants.flatMap((invariant, index) =>
    invariantPoint(invariant, verdict, index + 1),
  );
  const ok = countedAs(judgement) === 'match';
  const id = escapeTap(record.id);
  return [
    `# Subtest: ${id}`,
    ...[`1..${invariants.length}`, ...points].map((line) => `    ${line}`),
    renderPoint({ ok, number, description: `- ${id}` }),
    ...(verdict.kind === 'match' ? [] : yaml({ verdict, bundle: folder })),
  ];
}

function invariantPoint(invariant: InvariantOutcome, verdict: Verdict, number: number): string[] {
  const { id, why, pages, evidence } = invariant;
  const { ok, directive } = MARKS[markInvariant(invariant, verdict)];
  const description = `- ${escapeTap(id)}${directive(invariant)}`;
  const point = renderPoint({ ok, number, description });
  return [point, ...(ok ? [] : yaml({ why, pages: renderPages(pages), evidence }))];
}

/** JSON is YAML: its quotes hold whatever a guest may have written. */
function yaml(fields: Readonly<Record<string, unknown>>): string[] {
  const lines = Object.entries(fields).map(([key, value]) => `${key}: ${asciiJson(value)}`);
  return ['---', ...lines, '...'].map((line) => `  ${line}`);
}
