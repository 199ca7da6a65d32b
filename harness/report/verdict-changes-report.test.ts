// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { VerdictChange } from '../matrix/verdict-change.ts';
import { parseDocument } from './testing/documents.ts';
import { HOSTILE } from './testing/run-builder.ts';
import {
  type ShownChanges,
  type ShownRun,
  renderChanges,
  renderChangesDocument,
  renderRunAgain,
} from './verdict-changes-report.ts';

const STYLE = { colour: false, width: 100 };

const CHANGE: VerdictChange = {
  cell: 'cell-1',
  folder: '/results/night/cell-1',
  from: {
    kind: 'match',
    detail: null,
    broken: [],
    known: ['kdump.dmesg'],
    policy: 'reserve-1m',
    sub1m: null,
  },
  to: {
    kind: 'mismatch',
    detail: null,
    broken: ['lowmem.locked'],
    known: [],
    policy: 'two-phase',
    sub1m: '0.2.0',
  },
  invariants: [
    { id: 'lowmem.locked', from: 'kept', to: 'broken', why: '4 pages' },
    { id: 'kdump.capture-log', from: null, to: 'known', why: '' },
  ],
  isBroken: true,
  isUnjudged: false,
};

const RUN: ShownRun = {
  run: 'night',
  folder: '/results/night',
  cells: 3,
  changes: [CHANGE],
  unrecorded: ['cell-2'],
  removed: 2,
  notJudged: [{ folder: '/results/night/cell-4', why: 'no cell.json' }],
  seconds: 2,
};

function shownOf(change: VerdictChange, changed = 1): ShownChanges {
  const { changes: _, ...run } = RUN;
  return { runs: [{ ...run, changed }], changes: [['night', change]] };
}

describe('verdicts that changed', () => {
  it('have a line for each run', () => {
    expect(renderRunAgain(RUN)).toBe(
      'night: 3 cells, 1 changed, 1 without a recorded verdict, 1 not judged, ' +
        '2 by what --keep left of the vmcore, in 2.0 s\n',
    );
    const same = { ...RUN, changes: [], unrecorded: [], removed: 0, notJudged: [] };
    expect(renderRunAgain(same)).toBe('night: 3 cells, 0 changed, in 2.0 s\n');
  });

  it('say what was, what is, and by which invariant, policy and version', () => {
    expect(renderChanges(shownOf(CHANGE), STYLE).split('\n')).toEqual([
      '',
      'night/cell-1: match (known: kdump.dmesg) → mismatch (lowmem.locked)',
      '  lowmem.locked: kept → broken: 4 pages',
      '  kdump.capture-log: not judged → known',
      '  policy reserve-1m → two-phase; recorded by sub1m (version not told), judged by 0.2.0',
      '',
      '1 run, 3 cells: 1 verdict changed',
      '',
    ]);
  });

  it('are counted where they are not listed', () => {
    expect(renderChanges(shownOf(CHANGE, 5), STYLE)).toContain('… and 4 more; judge fewer runs');
    expect(
      parseDocument('verdict-changes', renderChangesDocument(shownOf(CHANGE, 5))),
    ).toMatchObject({ more: 4 });
  });

  it('are a document, too', () => {
    const { runs, changes, more } = parseDocument(
      'verdict-changes',
      renderChangesDocument(shownOf(CHANGE)),
    );
    expect(runs).toMatchObject([{ run: 'night', changed: 1, unrecorded: ['cell-2'], removed: 2 }]);
    expect(changes).toMatchObject([
      { run: 'night', cell: 'cell-1', from: { kind: 'match' }, to: { kind: 'mismatch' } },
    ]);
    expect(more).toBe(0);
  });

  it('show nothing of a guest or a bundle as it is', () => {
    const [kept] = CHANGE.invariants;
    const hostile = { ...CHANGE, invariants: kept ? [{ ...kept, id: HOSTILE, why: HOSTILE }] : [] };
    const text = renderChanges(shownOf(hostile), STYLE) + renderChangesDocument(shownOf(hostile));
    // oxlint-disable-next-line no-control-regex -- it is what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(text).not.toMatch(/^not ok/m);
  });
});
