// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { detectionPower } from './detection-power.ts';
import type { Counted, HistoryLine } from './history-line.ts';
import { nightsOf } from './nights.ts';
import { historyLine } from './testing/history-builder.ts';

function faultLine(fault: string, counted: Counted, words: object = {}): HistoryLine {
  const invariants = counted === 'match' ? { broken: ['lowmem.locked'] } : {};
  return historyLine({ cell: fault, fault, counted, invariants, ...words });
}

function power(...lines: readonly HistoryLine[]): ReturnType<typeof detectionPower> {
  return detectionPower(nightsOf(lines));
}

describe('detectionPower()', () => {
  it('tells what was tried in the night from what was caught the last time', () => {
    const { tonight, recently } = power(
      faultLine('leak', 'match'),
      faultLine('lost', 'match', { night: 1 }),
      faultLine('late', 'match', { night: 2 }),
      faultLine('deaf', 'mismatch', { night: 2 }),
    );
    expect(tonight).toEqual({ caught: ['late'], missed: ['deaf'], unbuilt: [], unjudged: [] });
    expect(recently).toEqual({
      caught: ['late', 'leak', 'lost'],
      missed: ['deaf'],
      unbuilt: [],
      unjudged: [],
    });
  });

  it('goes by the last time that could judge', () => {
    const [caught, untold] = [faultLine('a', 'match'), faultLine('a', 'unjudged', { night: 1 })];
    expect(power(caught, untold)).toEqual({
      tonight: { caught: [], missed: [], unbuilt: [], unjudged: ['a'] },
      recently: { caught: ['a'], missed: [], unbuilt: [], unjudged: [] },
    });
    const blind = faultLine('a', 'mismatch', { night: 1 });
    expect(power(caught, blind).recently.missed).toEqual(['a']);
    expect(power(blind, faultLine('a', 'match', { night: 2 })).recently.caught).toEqual(['a']);
  });

  it('names a fault whose kernel no longer builds, though it was caught before', () => {
    const stale = faultLine('a', 'unjudged', { night: 1, code: 'E_BUILD' });
    const names = { caught: [], missed: [], unbuilt: ['a'], unjudged: [] };
    expect(power(faultLine('a', 'match'), stale)).toEqual({ tonight: names, recently: names });
    const untold = faultLine('a', 'unjudged', { night: 2, code: 'E_HOST' });
    expect(power(stale, untold).recently.unbuilt).toEqual(['a']);
    expect(power(stale, faultLine('a', 'match', { night: 2 })).recently.caught).toEqual(['a']);
  });

  it.each([
    { fates: ['match', 'mismatch'], is: 'missed' },
    { fates: ['match', 'unjudged'], is: 'unjudged' },
    { fates: ['unjudged', 'mismatch'], is: 'missed' },
    { fates: ['match', 'match'], is: 'caught' },
  ] as const)('counts a fault with cells that end $fates once, as $is', ({ fates, is }) => {
    const lines = fates.map((counted, nr) =>
      faultLine('a', counted, { cell: `a.${nr}`, key: `000000000000000${nr}` }),
    );
    const none = { caught: [], missed: [], unbuilt: [], unjudged: [] };
    expect(power(...lines).tonight).toEqual({ ...none, [is]: ['a'] });
  });

  it('forgets a fault that was not tried for a month, and knows no sound cell', () => {
    const old = faultLine('old', 'match');
    expect(power(old, historyLine({ night: 30 })).recently.caught).toEqual(['old']);
    expect(power(old, historyLine({ night: 31 })).recently.caught).toEqual([]);
  });

  it('is empty without a night', () => {
    expect(power().recently).toEqual({ caught: [], missed: [], unbuilt: [], unjudged: [] });
  });
});
