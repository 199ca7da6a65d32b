// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { accelPairs } from './accel-pairs.ts';
import type { HistoryLine } from './history-line.ts';
import { historyLine } from './testing/history-builder.ts';
import { wilson95 } from './wilson.ts';

const KEPT = { kept: ['boot.userspace', 'lowmem.locked'] };
const BROKEN = { kept: ['boot.userspace'], broken: ['lowmem.locked'] };
const kvm = (words: Parameters<typeof historyLine>[0] = {}): HistoryLine =>
  historyLine({ invariants: KEPT, ...words, accel: 'kvm' });
const tcg = (words: Parameters<typeof historyLine>[0] = {}): HistoryLine =>
  historyLine({ invariants: KEPT, ...words, accel: 'tcg' });

describe('accelPairs()', () => {
  it('counts a pair whose verdicts are the same, and what was seen under one alone', () => {
    const lines = [kvm(), tcg({ night: 3 }), tcg({ night: 4 }), kvm({ cell: 'alone' })];
    expect(accelPairs(lines)).toEqual({ pairs: 1, alone: 1, differ: [] });
  });

  it('says which differ, in what, and how often', () => {
    const lines = [kvm(), kvm({ night: 1, invariants: BROKEN }), tcg({ night: 2 })];
    const found = accelPairs(lines);
    expect(found).toMatchObject({ pairs: 1, alone: 0, differ: [{ cell: lines[0]?.cell }] });
    expect(found.differ[0]?.differences).toEqual([
      {
        invariant: 'lowmem.locked',
        kvm: { outcome: 'broken', broken: wilson95(1, 2) },
        tcg: { outcome: 'kept', broken: wilson95(0, 1) },
      },
    ]);
  });

  it.each([
    { what: 'another image', other: { image: 'f'.repeat(64) } },
    { what: 'another firmware', other: { ovmf: 'f'.repeat(64) } },
    { what: 'an unknown image', other: { image: null } },
    { what: 'an unknown firmware', other: { ovmf: null } },
    { what: 'no verdict', other: { counted: 'unjudged' } },
    { what: 'another cell', other: { cell: 'x' } },
  ] as const)('makes no pair of a cell with $what', ({ other }) => {
    expect(accelPairs([kvm(), tcg({ invariants: BROKEN, ...other })])).toMatchObject({
      pairs: 0,
      differ: [],
    });
  });

  it('makes a pair of cells that ask for an accelerator each, and for nothing else', () => {
    const anyAccel = '0123456789abcdef';
    const lines = [kvm({ cell: 'a.kvm', anyAccel }), tcg({ cell: 'a.tcg', anyAccel })];
    expect(accelPairs(lines)).toMatchObject({ pairs: 1, alone: 0 });
    expect(accelPairs([...lines, kvm({ cell: 'a', key: anyAccel })])).toMatchObject({ pairs: 1 });
  });

  it('does not compare what one of them did not judge, but what the cells counted as', () => {
    const died = { invariants: { broken: ['boot.userspace'] } };
    const other = { invariants: { kept: ['kdump.dmesg'] } };
    expect(accelPairs([kvm(died), tcg(other)]).differ[0]?.differences).toMatchObject([
      { invariant: null, kvm: { outcome: 'mismatch' }, tcg: { outcome: 'match' } },
    ]);
    const unseen = { invariants: { ...KEPT, unseen: ['kdump.dmesg'] } };
    expect(accelPairs([kvm(), tcg(unseen)]).differ).toEqual([]);
  });

  it('tells a known defect from one that is kept, and sorts by name', () => {
    const known = { invariants: { kept: ['boot.userspace'], known: ['lowmem.locked'] } };
    const lines = ['b', 'a'].flatMap((cell) => [kvm({ cell }), tcg({ cell, ...known })]);
    expect(accelPairs(lines).differ.map(({ cell }) => cell)).toEqual(['a', 'b']);
  });

  it('sees nothing in no lines', () => {
    expect(accelPairs([])).toEqual({ pairs: 0, alone: 0, differ: [] });
  });
});
