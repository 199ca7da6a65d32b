// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { InvariantOutcome, Judgement, Verdict } from '../check/judgement.ts';
import { type CellChanges, compareRuns, comparisonEnd, isChanged } from './compare-cells.ts';
import type { End } from '../ends.ts';
import type { Axes } from './expand.ts';
import { judgedCell } from './testing/judged-cell-builder.ts';
import type { JudgedCell } from './judged-cell.ts';
import { pagesOfRun } from '../memory/page-map.ts';

type Owners = Readonly<Record<number, string>>;
type Classes = Readonly<Record<number, string>>;

/** What a test says about a cell; by default all pages are the kernel's for ever, and were seen so. */
interface Words {
  readonly axes?: Partial<Axes>;
  readonly predicted?: Owners;
  readonly observed?: Classes;
  readonly invariants?: readonly InvariantOutcome[];
  readonly log?: readonly string[];
  readonly verdict?: Verdict;
}

const PAGES = 256;

function pages<T>(usual: string, others: Readonly<Record<number, string>> = {}): T[] {
  return Array.from({ length: PAGES }, (_, page) => (others[page] ?? usual) as T);
}

function cellOf({
  axes = {},
  predicted,
  observed,
  invariants = [],
  log,
  verdict,
}: Words): JudgedCell {
  const { observation } = judgedCell().judgement;
  const owners = pages<string>('reserved', predicted).map((owner) => ({ owner, history: [] }));
  const judgement: Partial<Judgement> = {
    observation: {
      ...observation,
      pages: { value: pages('reserved', observed) },
      lowMemoryLog: log ? { value: log } : observation.lowMemoryLog,
    },
    // Of a prediction nothing is compared but the pages.
    prediction: { pages: owners } as unknown as Judgement['prediction'],
    invariants,
    ...(verdict && { verdict }),
  };
  return judgedCell({ axes, judgement });
}

function compare(base: Words, cell: Words): CellChanges {
  const [changes] = compareRuns([cellOf(base)], [cellOf(cell)]).cells;
  if (changes === undefined) throw new Error('Expected a pair');
  return changes;
}

function invariant(words: Partial<InvariantOutcome>): InvariantOutcome {
  const kept = { outcome: 'kept', known: null, why: '', pages: [], evidence: null } as const;
  return { id: 'lowmem.locked', ...kept, ...words };
}

function endOf(...cells: readonly CellChanges[]): End {
  return comparisonEnd({ base: '', ref: '', sameImage: false, cells, times: [] });
}

const LOCKED = { 0x10: 'lock', 0x11: 'lock' };
const BROKEN = { outcome: 'broken', pages: pagesOfRun('0x10') } as const;
const UNSEEN = { outcome: 'unseen' } as const;
const UNJUDGED = { kind: 'unjudged', code: 'E_HOST', why: 'No memory' } as const;

describe('two cells of which the second', () => {
  it.each<{ what: string; base: Words; cell: Words; changes: object; end?: 'broken' }>([
    {
      what: 'gives pages another owner',
      base: { predicted: LOCKED },
      cell: { predicted: { 0x10: 'free' }, observed: { 0x10: 'free' } },
      changes: {
        pages: [
          { page: 0x10, from: 'lock', to: 'free' },
          { page: 0x11, from: 'lock', to: 'reserved' },
        ],
      },
    },
    {
      what: 'has pages that nobody predicted so',
      base: { predicted: LOCKED },
      cell: { predicted: LOCKED, observed: { 0x10: 'used', 0x11: 'absent' } },
      changes: {
        pages: [
          { page: 0x10, from: 'lock', to: 'free' },
          { page: 0x11, from: 'lock', to: 'absent' },
        ],
      },
    },
    {
      what: 'breaks an invariant',
      base: { invariants: [invariant({})] },
      cell: { invariants: [invariant({ ...BROKEN, why: '1 page' })] },
      changes: {
        invariants: [
          { id: 'lowmem.locked', from: 'kept', to: 'broken', why: '1 page', isWorse: true },
        ],
      },
      end: 'broken',
    },
    {
      what: 'breaks it on another page',
      base: { invariants: [invariant(BROKEN)] },
      cell: { invariants: [invariant({ ...BROKEN, pages: pagesOfRun('0x10-0x11') })] },
      changes: { invariants: [{ from: 'broken', to: 'broken', isWorse: true }] },
      end: 'broken',
    },
    {
      what: 'mends an invariant',
      base: { invariants: [invariant(BROKEN)] },
      cell: { invariants: [invariant({})] },
      changes: { invariants: [{ from: 'broken', to: 'kept', isWorse: false }] },
    },
    {
      what: 'dies early, and so shows less',
      base: { invariants: [invariant({}), invariant({ id: 'kdump.dmesg' })] },
      cell: { invariants: [invariant(BROKEN), invariant({ id: 'kdump.dmesg', ...UNSEEN })] },
      changes: { invariants: [{ id: 'lowmem.locked', isWorse: true }] },
      end: 'broken',
    },
    {
      what: 'no longer dies early, and so shows more',
      base: { invariants: [invariant(BROKEN), invariant({ id: 'kdump.dmesg', ...UNSEEN })] },
      cell: { invariants: [invariant({}), invariant({ id: 'kdump.dmesg' })] },
      changes: { invariants: [{ id: 'lowmem.locked', isWorse: false }] },
    },
    {
      what: 'no longer shows one, and asks another',
      base: { invariants: [invariant({ id: 'kdump.dmesg' })] },
      cell: { invariants: [invariant({ id: 'panic.reboots', outcome: 'unseen' })] },
      changes: {
        invariants: [
          { id: 'kdump.dmesg', from: 'kept', to: 'not-asked' },
          { id: 'panic.reboots', from: 'not-asked', to: 'unseen' },
        ],
      },
    },
    {
      what: 'says something else in its log',
      base: { log: ['a', 'x86/low_pool: released 137 pages'] },
      cell: { log: ['x86/low_pool: released 136 pages', 'a'] },
      changes: {
        log: {
          gone: ['x86/low_pool: released 137 pages'],
          come: ['x86/low_pool: released 136 pages'],
        },
      },
    },
  ])('$what is changed', ({ base, cell, changes, end = 'done' }) => {
    const found = compare(base, cell);
    expect(found).toMatchObject(changes);
    expect([isChanged(found), endOf(found)]).toEqual([true, end]);
  });

  it.each<{ what: string; base: Words; cell: Words }>([
    {
      what: 'has a free page in use',
      base: { predicted: { 0x10: 'free' }, observed: { 0x10: 'free' } },
      cell: { predicted: { 0x10: 'free' }, observed: { 0x10: 'used' } },
    },
    {
      what: 'is broken as the base is, in other words',
      base: { invariants: [invariant({ ...BROKEN, why: 'Seen after 3.1 s' })] },
      cell: { invariants: [invariant({ ...BROKEN, why: 'Seen after 3.2 s' })] },
    },
    {
      what: 'has its log in another order',
      base: { log: ['a', 'b'] },
      cell: { log: ['b', 'a'] },
    },
    { what: 'has lost the start of its log', base: { log: ['a'] }, cell: {} },
  ])('$what is not changed', ({ base, cell }) => {
    const found = compare(base, cell);
    expect([isChanged(found), found.uncompared, endOf(found)]).toEqual([false, null, 'done']);
  });

  it('could not be judged is not compared, and no "no difference"', () => {
    const found = compare({}, { verdict: UNJUDGED, log: ['a'] });
    expect(found.uncompared).toBe('The cell is unjudged: No memory');
    expect([isChanged(found), endOf(found)]).toEqual([false, 'host']);
    expect(compare({ verdict: UNJUDGED }, {}).uncompared).toBe('The base is unjudged: No memory');
  });

  it('breaks an invariant in one cell while another could not be judged fails', () => {
    const broken = compare({ invariants: [] }, { invariants: [invariant(BROKEN)] });
    expect(endOf(compare({}, { verdict: UNJUDGED }), broken)).toBe('broken');
  });
});

describe('compareRuns', () => {
  it('sets cells side by side that differ in kernel and policy alone, each once', () => {
    const axes = { kernel: ['debian:6.1'], policy: ['reserve-1m' as const] };
    const bases = [
      cellOf({ axes: { ...axes, cpus: [2] } }),
      cellOf({ axes }),
      cellOf({ axes, log: ['again'] }),
    ];
    const cells = [cellOf({}), cellOf({}), cellOf({ axes: { cpus: [2] } })];
    const pairs = compareRuns(bases, cells).cells;
    expect(pairs.map(({ base }) => bases.indexOf(base))).toEqual([1, 2, 0]);
  });

  it('throws where a cell has no base', () => {
    expect(() => compareRuns([], [cellOf({})])).toThrow('No base for debian-6.12.no-crashkernel');
  });
});
