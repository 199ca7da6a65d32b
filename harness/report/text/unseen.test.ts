// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import type { Outcome } from '../../bundle/cell-record.ts';
import type { JudgedCell } from '../../matrix/judged-cell.ts';
import { judgedCell } from '../../matrix/testing/judged-cell-builder.ts';
import { renderConsoleReport } from '../console-report.ts';
import { renderJunit } from '../junit-report.ts';
import { renderKtap } from '../ktap-report.ts';
import { runDocument } from '../run-document.ts';
import { renderSvg } from '../svg-report.ts';
import { renderTap } from '../tap-report.ts';
import { LOCKED, invariant, runOf, withPages } from '../testing/run-builder.ts';
import { unseenLines, unseenName, unseenOf } from './unseen.ts';

const why = 'The cell left no system/real-mode.json';
const HIDDEN = invariant({
  id: 'lowmem.trampoline',
  outcome: 'unseen',
  why,
  shownBy: 'CONFIG_KALLSYMS_ALL',
});
const MISSING = invariant({ id: 'kdump.dmesg', outcome: 'unseen', why: 'It is garbage' });

function blindCell(outcome?: Outcome): JudgedCell {
  const invariants = [invariant({}), HIDDEN, MISSING];
  const cell = judgedCell({ judgement: { ...withPages(LOCKED), invariants } });
  return outcome ? { ...cell, record: { ...cell.record, outcome } } : cell;
}

it('is all that a whole cell did not show, and what the kernel hides of one that ended early', () => {
  const overrun: Outcome = {
    kind: 'overrun',
    phase: 'dump',
    budgetMs: 1,
    silentMs: 1,
    lastLines: [],
  };
  expect(unseenOf(blindCell())).toEqual([HIDDEN, MISSING]);
  expect(unseenOf(blindCell(overrun))).toEqual([HIDDEN]);
  expect(unseenName(blindCell())).toBe('2 promises could not be seen');
  expect(unseenName(judgedCell())).toBe('');
});

it('names each promise once, with what would show it', () => {
  expect(unseenLines([blindCell(), blindCell()])).toEqual([
    'lowmem.trampoline (CONFIG_KALLSYMS_ALL would show it)',
    'kdump.dmesg',
  ]);
});

it('is in every report', () => {
  const run = runOf(blindCell());
  const text = renderConsoleReport(run, { colour: false, width: 100 });
  expect(text).toContain('match, 2 unseen');
  expect(text).toContain('match, 2 promises could not be seen');
  expect(text).toContain(`lowmem.trampoline could not be seen: ${why};`);
  expect(text).toContain('?  could not be seen: lowmem.trampoline (CONFIG_KALLSYMS_ALL would show');
  const skipped = `lowmem.trampoline # SKIP ${why}; CONFIG_KALLSYMS_ALL would show it`;
  expect(renderTap(run)).toContain(skipped);
  expect(renderKtap(run)).toContain(skipped);
  expect(renderJunit(run)).toContain('name="shown-by" value="CONFIG_KALLSYMS_ALL"');
  expect(renderSvg(run)).toContain('could not be seen: lowmem.trampoline');
  expect(runDocument(run).cells[0]?.invariants[1]).toMatchObject({
    shownBy: 'CONFIG_KALLSYMS_ALL',
  });
});
