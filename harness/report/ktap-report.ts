// SPDX-License-Identifier: MIT
import { type InvariantOutcome, type Verdict, whyUnseen } from '../check/judgement.ts';
import type { ComparedRun } from '../matrix/compare-cells.ts';
import { type JudgedCell, countedAs } from '../matrix/judged-cell.ts';
import type { MissingCell } from '../matrix/merged-run.ts';
import { printableText } from '../memory/printable-text.ts';
import { type InvariantMark, markInvariant, referenceOf } from './text/invariant-mark.ts';
import { escapeTap, renderPoint } from './text/tap-point.ts';
import { verdictLines, verdictName } from './text/verdict-text.ts';
import { renderPages } from '../memory/page-map.ts';

/**
 * What follows an invariant's id. A known defect is `ok`, as `ksft_test_result_xfail()` has it
 * (tools/testing/selftests/kselftest.h): a test fails if one in it does, and there is no directive for one that no
 * longer shows.
 */
const DIRECTIVES: Readonly<Record<InvariantMark, (invariant: InvariantOutcome) => string>> = {
  kept: () => '',
  broken: () => '',
  known: (invariant) => ` # XFAIL ${escapeTap(referenceOf(invariant))}`,
  gone: () => '',
  unseen: skip,
  'not-asked': skip,
};

function skip(invariant: InvariantOutcome): string {
  return ` # SKIP ${escapeTap(whyUnseen(invariant))}`;
}

/**
 * A run as KTAP 1 (Documentation/dev-tools/ktap.rst): a test for each cell, in it one for each invariant. Lines that
 * tell more stand before the result that they are about.
 */
export function renderKtap({ cells, merge }: ComparedRun): string {
  const lost = (merge?.missing ?? []).map(missingTest);
  return `${tests([...cells.map(cellTest), ...lost]).join('\n')}\n`;
}

/** A cell that was to be run. */
function missingTest({ cell, why }: MissingCell): (number: number) => string[] {
  return (number) => [
    diagnostic(`missing: ${why}`),
    renderPoint({ ok: false, number, description: escapeTap(cell) }),
  ];
}

/** A level of tests: each makes its lines from its number. */
function tests(made: readonly ((number: number) => string[])[]): string[] {
  const lines = made.flatMap((test, index) => test(index + 1));
  return ['KTAP version 1', `1..${made.length}`, ...lines];
}

function cellTest({ record, judgement, folder }: JudgedCell): (number: number) => string[] {
  const { invariants, verdict } = judgement;
  const ok = countedAs(judgement) === 'match';
  const inner = tests(invariants.map((invariant) => invariantTest(invariant, verdict)));
  const verdictWords =
    verdict.kind === 'match'
      ? []
      : [
          `verdict: ${verdictName(judgement)}`,
          ...verdictLines(verdict).map((line) => `why: ${line}`),
          `bundle: ${folder}`,
        ];
  return (number) => [
    ...inner.map((line) => `  ${line}`),
    ...verdictWords.map(diagnostic),
    renderPoint({ ok, number, description: escapeTap(record.id) }),
  ];
}

function invariantTest(
  invariant: InvariantOutcome,
  verdict: Verdict,
): (number: number) => string[] {
  const mark = markInvariant(invariant, verdict);
  const description = `${escapeTap(invariant.id)}${DIRECTIVES[mark](invariant)}`;
  return (number) => [
    ...words(invariant, mark).map(diagnostic),
    renderPoint({ ok: mark !== 'broken', number, description }),
  ];
}

/** What there is to say about an invariant beyond its result. */
function words(invariant: InvariantOutcome, mark: InvariantMark): string[] {
  const { why, pages, evidence } = invariant;
  if (mark === 'gone') return [`no longer shows: ${referenceOf(invariant)}`];
  if (mark === 'kept' || mark === 'unseen' || mark === 'not-asked') return [];
  return [
    `why: ${why}`,
    ...(pages.length === 0 ? [] : [`pages: ${renderPages(pages).join(' ')}`]),
    ...(evidence === null ? [] : [`evidence: ${evidence}`]),
  ];
}

function diagnostic(text: string): string {
  return `# ${printableText(text)}`;
}
