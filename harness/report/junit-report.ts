// SPDX-License-Identifier: MIT
import junitReportBuilder, {
  type Builder,
  type TestCase,
  type TestSuite,
} from 'junit-report-builder';
import type { InvariantOutcome, Judgement } from '../check/judgement.ts';
import type { ComparedRun } from '../matrix/compare-cells.ts';
import { type JudgedCell, countedAs } from '../matrix/judged-cell.ts';
import type { MissingCell } from '../matrix/merged-run.ts';
import { printableText } from '../memory/printable-text.ts';
import { missedWords } from './text/fault-table.ts';
import { type InvariantMark, markInvariant, referenceOf } from './text/invariant-mark.ts';
import { verdictLines } from './text/verdict-text.ts';
import { renderPages } from '../memory/page-map.ts';

/** Its types are of an ES module; Node loads the CommonJS one, where the builder is the module. */
const builder = junitReportBuilder as unknown as Builder;

/** What a case says about its invariant, beside its properties. */
const MARKS: Record<InvariantMark, (test: TestCase, invariant: InvariantOutcome) => unknown> = {
  kept: () => {},
  broken: (test, { why }) => test.failure(printableText(why), 'broken'),
  known: (test, invariant) => test.skipped().property('known-defect', referenceOf(invariant)),
  gone: (test, invariant) => test.property('no-longer-shows', referenceOf(invariant)),
  unseen: (test) => test.skipped(),
  'not-asked': (test) => test.skipped(),
};

/**
 * A run as JUnit XML: a suite for each cell, a case for each invariant. A broken one is a failure,
 * one that is unseen or not asked and a known defect are skipped; a seeded fault is a case too, and so is a verdict that
 * is more than broken invariants, above all `unjudged`. Where a known defect no longer shows, a property says so.
 * What a guest wrote goes into attributes only: in character data junit-report-builder 5 escapes
 * no second `]]>`.
 */
export function renderJunit({ id, cells, merge }: ComparedRun): string {
  const report = builder.newBuilder().name(`sub1m ${id}`);
  for (const cell of cells) addCases(report.testSuite(), cell);
  for (const cell of merge?.missing ?? []) addMissing(report.testSuite(), cell);
  return report.build();
}

/** A cell that was to be run is an error as one that could not be judged is. */
function addMissing(suite: TestSuite, { cell, why }: MissingCell): void {
  const name = printableText(cell);
  const test = suite.name(name).testCase().className(name).name('verdict');
  test.error(printableText(why), 'missing');
}

function addCases(suite: TestSuite, { record, judgement, folder }: JudgedCell): void {
  const { invariants, verdict } = judgement;
  const cell = printableText(record.id);
  suite
    .name(cell)
    .timestamp(record.startedAt)
    .time(record.seconds['total'] ?? 0);
  suite.property('bundle', printableText(folder));
  for (const invariant of invariants) {
    const mark = markInvariant(invariant, verdict);
    const test = suite.testCase().className(cell).name(invariant.id);
    MARKS[mark](test, invariant);
    if (invariant.outcome !== 'kept') addProperties(test, invariant);
  }
  addFault(suite, judgement, cell);
  if (verdict.kind === 'match' || verdict.kind === 'mismatch') return;
  const test = suite.testCase().className(cell).name('verdict');
  const why = verdictLines(verdict).join(' ');
  if (countedAs(judgement) === 'match') test.skipped().property('why', why);
  else if (verdict.kind === 'unjudged') test.error(why, verdict.code);
  else test.failure(why, verdict.kind);
}

/** A seeded fault is a case of its own: a run that missed one fails, though its kernel seems to keep every promise. */
function addFault(suite: TestSuite, judgement: Judgement, cell: string): void {
  const { fault } = judgement;
  const count = countedAs(judgement);
  if (fault === null || count === 'unjudged') return;
  const name = `seeded fault ${printableText(fault.name)}`;
  const test = suite.testCase().className(cell).name(name);
  if (count === 'mismatch') test.failure(printableText(missedWords(judgement)), 'missed');
}

function addProperties(test: TestCase, invariant: InvariantOutcome): void {
  const { outcome, pages, evidence, shownBy } = invariant;
  test.property('outcome', outcome).property('why', printableText(invariant.why));
  if (shownBy !== undefined) test.property('shown-by', shownBy);
  if (pages.length > 0) test.property('pages', renderPages(pages).join(' '));
  if (evidence !== null) test.property('evidence', evidence);
}
