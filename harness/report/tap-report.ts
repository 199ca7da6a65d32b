// SPDX-License-Identifier: MIT
import type { InvariantOutcome } from '../check/judgement.ts';
import type { JudgedCell, RunResult } from '../matrix/judged-cell.ts';
import { printableText } from '../memory/printable-text.ts';
import { asciiJson } from './ascii-json.ts';

/** What follows a point's id; a known defect is what TAP calls TODO: not ok, and no failure. */
const DIRECTIVES: Record<InvariantOutcome['outcome'], (why: string) => string> = {
  kept: () => '',
  broken: () => '',
  known: (why) => ` # TODO ${escape(why)}`,
  unseen: (why) => ` # SKIP ${escape(why)}`,
};

/** A run as TAP 14: a subtest for each cell, in it a point for each invariant. */
export function renderTap({ cells }: RunResult): string {
  const subtests = cells.flatMap((cell, index) => subtest(cell, index + 1));
  return `${['TAP version 14', `1..${cells.length}`, ...subtests].join('\n')}\n`;
}

function subtest({ record, judgement, folder }: JudgedCell, number: number): string[] {
  const { invariants, verdict } = judgement;
  const points = invariants.flatMap((invariant, index) => invariantPoint(invariant, index + 1));
  const ok = verdict.kind === 'match';
  const id = escape(record.id);
  return [
    `# Subtest: ${id}`,
    ...[`1..${invariants.length}`, ...points].map(indent),
    point({ ok, number, description: id }),
    ...(ok ? [] : yaml({ verdict, bundle: folder })),
  ];
}

function invariantPoint(invariant: InvariantOutcome, number: number): string[] {
  const { id, outcome, why, pages, evidence } = invariant;
  const ok = outcome === 'kept' || outcome === 'unseen';
  const description = `${escape(id)}${DIRECTIVES[outcome](why)}`;
  return [point({ ok, number, description }), ...(ok ? [] : yaml({ why, pages, evidence }))];
}

interface Point {
  readonly ok: boolean;
  readonly number: number;
  readonly description: string;
}

function point({ ok, number, description }: Point): string {
  return `${ok ? 'ok' : 'not ok'} ${number} - ${description}`;
}

/** JSON is YAML: its quotes hold whatever a guest may have written. */
function yaml(fields: Readonly<Record<string, unknown>>): string[] {
  const lines = Object.entries(fields).map(([key, value]) => `${key}: ${asciiJson(value)}`);
  return ['---', ...lines, '...'].map((line) => `  ${line}`);
}

function indent(line: string): string {
  return `    ${line}`;
}

function escape(text: string): string {
  return printableText(text).replaceAll(/[\\#]/g, '\\$&');
}
