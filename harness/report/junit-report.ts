// SPDX-License-Identifier: MIT
import junitReportBuilder, {
  type Builder,
  type TestCase,
  type TestSuite,
} from 'junit-report-builder';
import type { InvariantOutcome } from '../check/judgement.ts';
import type { JudgedCell, RunResult } from '../matrix/judged-cell.ts';
import { printableText } from '../memory/printable-text.ts';
import { verdictLines } from './verdict-text.ts';

/** Its types are of an ES module; Node loads the CommonJS one, where the builder is the module. */
const builder = junitReportBuilder as unknown as Builder;

/** What a case says of its invariant. */
const MARKS: Record<InvariantOutcome['outcome'], (test: TestCase, why: string) => unknown> = {
  kept: () => {},
  broken: (test, why) => test.failure(why, 'broken'),
  known: (test) => test.skipped(),
  unseen: (test) => test.skipped(),
};

/**
 * A run as JUnit XML: a suite for each cell, a case for each invariant. A broken one is a failure,
 * an unseen one and a known defect are skipped; a verdict that is more than broken invariants,
 * above all `unjudged`, is a case too. What a guest wrote goes into attributes only: in character
 * data junit-report-builder 5 escapes no second `]]>`.
 */
export function renderJunit({ id, cells }: RunResult): string {
  const report = builder.newBuilder().name(`sub1m ${id}`);
  for (const cell of cells) addCases(report.testSuite(), cell);
  return report.build();
}

function addCases(suite: TestSuite, { record, judgement, folder }: JudgedCell): void {
  const { invariants, verdict } = judgement;
  const cell = printableText(record.id);
  suite
    .name(cell)
    .timestamp(record.startedAt)
    .time(record.seconds['total'] ?? 0);
  suite.property('bundle', printableText(folder));
  for (const invariant of invariants) addInvariant(suite.testCase().className(cell), invariant);
  if (verdict.kind === 'match' || verdict.kind === 'mismatch') return;
  const test = suite.testCase().className(cell).name('verdict');
  const why = verdictLines(verdict).join(' ');
  if (verdict.kind === 'unjudged') test.error(why, verdict.code);
  else test.failure(why, verdict.kind);
}

function addInvariant(test: TestCase, invariant: InvariantOutcome): void {
  const { id, outcome, why, pages, evidence } = invariant;
  test.name(id);
  MARKS[outcome](test, printableText(why));
  if (outcome === 'kept') return;
  test.property('outcome', outcome).property('why', printableText(why));
  if (pages.length > 0) test.property('pages', pages.join(' '));
  if (evidence !== null) test.property('evidence', evidence);
}
