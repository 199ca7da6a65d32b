// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { newestNight } from './newest-night.ts';
import { nightSeries } from './night-series.ts';
import { nightsOf } from './nights.ts';
import { type MadeCell, madeHistory, nightStart } from './testing/history-builder.ts';

const eachNight = (night: number): string => String(night).padStart(64, '0');

const SPECIAL: Readonly<Record<number, MadeCell>> = {
  1: { broken: (night) => night === 2, image: eachNight },
  2: { broken: (night) => night === 1 },
  3: { unjudged: (night) => night === 3 },
  4: { fault: 'leak', broken: (night) => night !== 2 },
};

const nights = nightsOf([...madeHistory({ nights: 5, cells: 8, special: SPECIAL })]);

it('counts each night as it was the next morning', () => {
  const series = nightSeries(nights, 60);
  const told = series.map(({ new: fresh, fixed, still, flaky, counts }) =>
    [fresh, fixed, still, flaky, counts.match, counts.mismatch, counts.unjudged].join(' '),
  );
  expect(told).toEqual([
    '0 0 0 0 7 0 0',
    '1 0 0 1 6 1 0',
    // The fault that is missed once is flaky, too.
    '1 1 0 2 6 1 0',
    '0 1 0 2 6 0 1',
    '0 0 0 2 7 0 0',
  ]);
  expect(series.map(({ detection }) => detection.tonight.missed.join())).toEqual([
    '',
    '',
    'leak',
    '',
    '',
  ]);
});

it('has the last nights alone, which know of those before', () => {
  const series = nightSeries(nights, 2);
  expect(series.map(({ start }) => start)).toEqual([nightStart(3), nightStart(4)]);
  expect(series[0]).toMatchObject({ fixed: 1 });
  expect(series.at(-1)?.counts).toEqual(newestNight(nights)?.counts);
});

it('is empty without a night', () => {
  expect(nightSeries(nightsOf([]), 60)).toEqual([]);
});
