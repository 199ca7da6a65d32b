// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { INVARIANTS, type InvariantId } from '../check/invariants/invariants.ts';
import type { ComparedRun } from '../matrix/compare-cells.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import { annotateRun } from './github-report.ts';
import { cleanText } from './screen.ts';
import { brokenCell, invariant, mendedCell, runOf, unbootableCell } from './testing/run-builder.ts';

const IDS = Object.keys(INVARIANTS) as InvariantId[];

/** A cell that breaks these. */
function breaking(ids: readonly InvariantId[], why = 'It does not'): JudgedCell {
  return judgedCell({
    judgement: {
      verdict: { kind: 'mismatch', broken: ids },
      invariants: ids.map((id) => invariant({ id, outcome: 'broken', why })),
    },
  });
}

function titles(run: ComparedRun): string[] {
  return annotateRun(run).map(({ level, title }) => `${level}: ${title}`);
}

describe('annotateRun', () => {
  it('says what is broken, what could not be judged and what is mended', () => {
    const verdict = { kind: 'unjudged', code: 'E_QMP', why: 'QMP is gone\nlast line' } as const;
    const lost = judgedCell({ axes: { layout: ['x1c7'] }, judgement: { verdict } });
    const run = runOf(brokenCell(), lost, mendedCell(), unbootableCell());
    expect(cleanText(annotateRun(run))).toMatchInlineSnapshot(`
      "::error title=lowmem.locked is broken::1 cell: 6.12.43+deb12-cloud-amd64, crashkernel 256M, stock%0A4 pages below 1 MiB are the system kernel's to use; pages 0x10-0x13; evidence: system/kpageflags
      ::warning title=could not judge%3A E_QMP::1 cell: 6.12.43+deb12-cloud-amd64, crashkernel off, x1c7%0AE_QMP: QMP is gone last line
      ::warning title=lowmem.page0-kept no longer shows a known defect::1 cell: 6.12.43+deb12-cloud-amd64, crashkernel off, stock%0AThe page allocator does not have page 0; evidence: system/kpageflags%0Ahttps://bugs.debian.org/1#5
      ::notice title=sub1m::4 cells in 1 min 15 s: 2 match, 1 mismatch, 1 unjudged, 2 with a known defect
      "
    `);
  });

  it('has nothing but the end of a run that is as it should be', () => {
    expect(titles(runOf(judgedCell()))).toEqual(['notice: sub1m']);
  });

  it('names an invariant once for all cells, with some of the reasons', () => {
    const cells = IDS.slice(0, 6).map((_, nr) => breaking(['boot.sound'], `Reason ${nr % 5}`));
    const [first, ...others] = annotateRun(runOf(...cells));
    expect(others).toHaveLength(1);
    expect(first?.lines).toEqual([
      expect.stringMatching(/^6 cells: /),
      'Reason 0',
      'Reason 1',
      'Reason 2',
      'and 2 other reasons',
    ]);
  });

  it('keeps to ten of a level; the last names the rest', () => {
    const annotations = annotateRun(runOf(breaking(IDS)));
    const errors = annotations.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(10);
    expect(errors.at(-1)).toEqual({
      level: 'error',
      title: `${IDS.length - 9} more`,
      lines: IDS.slice(9).map((id) => `${id} is broken`),
    });
  });

  it('warns of what the rest of a broken cell could not show', () => {
    const cutShort = { kind: 'unjudged', code: 'E_QMP', why: 'QMP is gone' } as const;
    const cell = breaking(['boot.sound']);
    const verdict = { kind: 'mismatch', broken: ['boot.sound'], cutShort } as const;
    expect(titles(runOf({ ...cell, judgement: { ...cell.judgement, verdict } }))).toEqual([
      'error: boot.sound is broken',
      'warning: could not judge: E_QMP',
      'notice: sub1m',
    ]);
  });

  it.each([
    { caught: ['boot.sound'] as const, says: [] },
    { caught: [], says: ['error: sub1m missed the seeded fault early-free'] },
  ])('asks of a seeded fault only whether it was caught: $caught', ({ caught, says }) => {
    const fault = { name: 'early-free', caughtBy: ['boot.sound'], caught };
    const { judgement, ...cell } = breaking(['boot.sound']);
    const run = runOf({ ...cell, judgement: { ...judgement, fault } });
    expect(titles(run)).toEqual([...says, 'notice: sub1m']);
  });

  it.each([
    { isWorse: true, says: 'error: boot.sound is broken' },
    { isWorse: false, says: 'warning: boot.sound is broken, as in the base' },
  ])('tells what the change broke from what its base does, too', ({ isWorse, says }) => {
    const cell = breaking(['boot.sound']);
    const change = { id: 'boot.sound', from: 'kept', to: 'broken', why: '', isWorse } as const;
    const changes = {
      base: cell,
      cell,
      uncompared: null,
      pages: [],
      invariants: [change],
      log: { gone: [], come: [] },
    };
    const comparison = { base: 'b', ref: 'r', sameImage: false, cells: [changes], times: [] };
    expect(titles({ ...runOf(cell), comparison })[0]).toBe(says);
  });
});
