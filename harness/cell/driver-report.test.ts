// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { listenToDriver } from './driver-report.ts';

/** What is written, and whether the driver has gone on, after it has said these things. */
function heard(said: string, now: readonly string[]): { written: string; wentOn: boolean } {
  let written = '';
  let tell: ((bytes: Uint8Array) => void) | undefined;
  const machine = {
    personality: {
      onBytes: (listener: (bytes: Uint8Array) => void): void => {
        tell = listener;
      },
    },
  };
  const report = listenToDriver(machine, said, (bytes) => {
    written += Buffer.from(bytes).toString('latin1');
  });
  for (const text of now) tell?.(Buffer.from(text));
  return { written, wentOn: report.wentOn() };
}

it('gives what the driver said before it was saved, and then what it says', () => {
  const report = heard('sub1m-personality 1\nhold\n', ['g', 'o\nask 0x0-0xfff 7\n']);
  expect(report).toEqual({
    written: 'sub1m-personality 1\nhold\ngo\nask 0x0-0xfff 7\n',
    wentOn: true,
  });
});

it.each([[[]], [['sub1m-personality 1\n', 'go\n']], [['g']]])(
  'tells a driver that did not go on: %j',
  (now) => {
    expect(heard('', now).wentOn).toBe(false);
  },
);

it('is content with a machine that has no driver', () => {
  expect(listenToDriver({ personality: undefined }, '', () => {}).wentOn()).toBe(false);
});
