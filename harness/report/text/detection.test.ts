// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { DetectionPower, FaultNames } from '../../history/detection-power.ts';
import { judgedCell } from '../../matrix/testing/judged-cell-builder.ts';
import { runOf } from '../testing/run-builder.ts';
import { detectionOfRun, detectionWords, renderDetection } from './detection.ts';

const NONE: FaultNames = { caught: [], missed: [], unbuilt: [], unjudged: [] };
const STYLE = { colour: false, width: 78 };

function linesOf(power: Partial<DetectionPower>, colour = false): string[] {
  const words = detectionWords({ tonight: NONE, recently: NONE, ...power }, 'night');
  return words === null ? [] : renderDetection(words, { ...STYLE, colour });
}

describe('detectionWords()', () => {
  it('counts what was caught the last time, and names what was tried', () => {
    const [tonight, recently] = [
      { ...NONE, caught: ['a'] },
      { ...NONE, caught: ['a', 'b'] },
    ];
    expect(linesOf({ tonight, recently })).toEqual([
      'Detection power: would have caught 2 of 2 seeded faults; 1 tried in this night',
      '  caught: a',
    ]);
  });

  it('names a missed fault first, also if it was not tried again', () => {
    const recently = { caught: ['a'], missed: ['b'], unbuilt: ['c'], unjudged: ['d'] };
    const tonight = { ...NONE, caught: ['a'], unjudged: ['d'] };
    expect(linesOf({ tonight, recently })).toEqual([
      'Detection power: would have caught 1 of 4 seeded faults; 2 tried in this night',
      '  MISSED: b',
      '  does not build (see its patch): c',
      '  could not be judged: d',
      '  caught: a',
    ]);
  });

  it.each([
    { recently: { ...NONE, caught: ['a'], missed: ['b'] }, colour: 31 },
    { recently: { ...NONE, caught: ['a'], unbuilt: ['b'] }, colour: 33 },
    { recently: { ...NONE, caught: ['a'], unjudged: ['b'] }, colour: 33 },
    { recently: { ...NONE, caught: ['a'] }, colour: 32 },
  ])('has colour $colour', ({ recently, colour }) => {
    expect(linesOf({ recently }, true)[0]).toMatch(new RegExp(`^\\u001b\\[${colour}m`));
  });

  it('says nothing where no fault was tried', () => {
    expect(linesOf({})).toEqual([]);
  });
});

describe('detectionOfRun()', () => {
  const fault = { name: 'a', caughtBy: ['boot.sound'], caught: ['boot.sound'] } as const;
  const run = runOf(judgedCell({ judgement: { fault } }), judgedCell());

  it('goes by the history of the run, if it is in one', () => {
    const recently = { ...NONE, missed: ['b'] };
    const words = detectionOfRun({ ...run, detection: { tonight: NONE, recently } });
    expect(words).toMatchObject({ state: 'blind', caught: 0, total: 1 });
  });

  it('goes by its cells, if it is in none', () => {
    expect(detectionOfRun(run)).toMatchObject({
      title: 'would have caught 1 of 1 seeded fault; 1 tried in this run',
      state: 'sees',
    });
  });
});
