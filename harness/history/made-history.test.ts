// SPDX-License-Identifier: MIT
/** All of it on a history of 60 nights, in which it is known what befell each cell. */
import { describe, expect, it } from 'vitest';
import { cellStrip } from './cell-strip.ts';
import { detectionPower } from './detection-power.ts';
import { durations } from './durations.ts';
import { flakyCells } from './flaky-cells.ts';
import { newestNight } from './newest-night.ts';
import { nightsOf } from './nights.ts';
import {
  type MadeCell,
  keyOf,
  madeHistory,
  madeName,
  nightStart,
} from './testing/history-builder.ts';

const NIGHTS = 60;
const always = (): boolean => true;
const eachNight = (night: number): string => String(night).padStart(64, '0');

/** By number of the cell. Those that change have another image each night: they are no flakes. */
const SPECIAL: Readonly<Record<number, MadeCell>> = {
  10: { broken: (night) => night === 59, image: eachNight },
  11: { broken: (night) => night >= 40 && night < 59, image: eachNight },
  12: { broken: (night) => night >= 31, image: eachNight },
  13: { broken: (night) => night % 3 === 0 },
  14: { unjudged: (night) => night === 59 },
  15: { broken: (night) => night >= 50, unjudged: (night) => night === 59, image: eachNight },
  16: { fault: 'leak', broken: always },
  17: { fault: 'lost', broken: (night) => night < 59, image: eachNight },
};

const lines = [...madeHistory({ nights: NIGHTS, cells: 100, special: SPECIAL })];
const nights = nightsOf(lines);

describe('a history of 60 nights', () => {
  const night = newestNight(nights);

  it('has them all', () => {
    expect(nights.starts).toEqual(Array.from({ length: NIGHTS }, (_, nr) => nightStart(nr)));
    expect(nights.cells.size).toBe(100);
  });

  it('shows what its newest night changed', () => {
    const since = (nr: number): string => nightStart(nr);
    expect(night?.new).toMatchObject([{ cell: madeName(10), since: null, was: 'kept' }]);
    expect(night?.fixed).toMatchObject([{ cell: madeName(11), since: since(40), was: 'broken' }]);
    expect(night?.still).toMatchObject([{ cell: madeName(12), since: since(31) }]);
    expect(night?.open).toMatchObject([{ cell: madeName(15), since: since(50) }]);
    expect(night?.unjudged.map(({ cell }) => cell)).toEqual([madeName(14), madeName(15)]);
    expect(night?.counts).toEqual({ match: 94, mismatch: 2, unjudged: 2 });
  });

  it('knows the flaky cell from those whose kernel changed', () => {
    expect(flakyCells(nights)).toMatchObject([
      { cell: madeName(13), invariant: 'lowmem.locked', broken: { count: 20, of: 60 } },
    ]);
  });

  it('tells which fault was missed', () => {
    expect(detectionPower(nights).tonight).toEqual({
      caught: ['leak'],
      missed: ['lost'],
      unbuilt: [],
      unjudged: [],
    });
  });

  it('has a strip and a duration for each cell', () => {
    const cell = nights.cells.get(keyOf(madeName(13)));
    const strip = cell ? cellStrip(nights, cell, 30) : [];
    expect(strip.map(({ mark }) => (mark === 'broken' ? 'X' : '.')).join('')).toBe(
      'X..'.repeat(10),
    );
    // 17 s, and each of 0 to 9 in the last twenty nights, twice; this cell has one more for its layout.
    const { median, p90 } = durations(lines).get(keyOf(madeName(1))) ?? {};
    expect({ median, p90 }).toEqual({ median: 22.5, p90: 26 });
    expect(durations(lines).size).toBe(100);
  });
});
