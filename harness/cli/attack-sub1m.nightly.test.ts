// SPDX-License-Identifier: MIT
/**
 * sub1m under attack: in each phase of a cell, each thing that can befall the program, QEMU (attack-qemu) and the host
 * (attack-host, attack-cache). Whatever happens, a kernel is never blamed for it (exit status 1), it is no bug of ours
 * (70), and nothing is left running. Here: what befalls the program.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { type Moment, MOMENTS, attack } from '../testing/attack.ts';
import { showTable } from '../testing/attack-table.ts';
import type { RunningCommand } from '../testing/run-command.ts';

const MINUTE_MS = 60_000;

/** Longer than one key that arrives twice: see interrupt.ts. */
const TWICE_MS = 600;

afterAll(showTable);

describe('sub1m', () => {
  /** A cell that has run is judged to its end, and then there is nothing left to interrupt. */
  const isOver = (moment: Moment): boolean => moment === 'judging' || moment === 'reporting';
  const interrupted = (status: number, moment: Moment): string[] => [
    ...(moment === 'reporting' ? [] : [`${status}: match, unjudged E_INTERRUPTED; report`]),
    ...(isOver(moment) ? ['0: match, match; report'] : []),
  ];
  const SIGNALS: readonly [NodeJS.Signals, number][] = [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ];
  describe.each(SIGNALS)('that gets %s', (name, status) => {
    it.each(MOMENTS)('in %s ends as documented, with a report', async (moment) => {
      const act = ({ child }: RunningCommand): void => {
        child.kill(name);
      };
      const expected = interrupted(status, moment);
      expect(
        await attack({ what: name, moment, long: 'last', expected, says: /SIG|Interrupted/, act }),
      ).toEqual([]);
    });
  });

  it.each(MOMENTS)('that gets SIGINT twice in %s ends at once', async (moment) => {
    const act = async ({ child }: RunningCommand): Promise<void> => {
      child.kill('SIGINT');
      child.kill('SIGCONT');
      await delay(TWICE_MS);
      child.kill('SIGINT');
    };
    // The first may have been enough. Node gives up its handlers just before it exits: a shell says 130 then, too.
    const expected = [
      ...interrupted(130, moment),
      '130: match; no report',
      'SIGINT: match, unjudged E_INTERRUPTED; report',
    ];
    expect(await attack({ what: 'SIGINT twice', moment, long: 'last', expected, act })).toEqual([]);
  });

  it.each(MOMENTS)('that gets SIGKILL in %s leaves what can be judged', async (moment) => {
    const act = ({ child }: RunningCommand): void => {
      child.kill('SIGKILL');
    };
    const cells = isOver(moment) ? 'match, match' : 'match';
    const expected = [`SIGKILL: ${cells}; no report`];
    expect(await attack({ what: 'SIGKILL', moment, long: 'last', expected, act })).toEqual([]);
  });

  it.each(MOMENTS)('that is stopped for a minute in %s blames no kernel', async (moment) => {
    const act = async ({ child }: RunningCommand): Promise<void> => {
      child.kill('SIGSTOP');
      await delay(MINUTE_MS);
    };
    const expected = [
      '0: match, match; report',
      '69: unjudged E_DEADLINE, match; report',
      '69: unjudged E_TIMER, match; report',
    ];
    expect(await attack({ what: 'sub1m stopped', moment, long: 'first', expected, act })).toEqual(
      [],
    );
  });
});
