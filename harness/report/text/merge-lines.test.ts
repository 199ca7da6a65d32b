// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { mergeRuns } from '../../matrix/merge-runs.ts';
import { cellOf, plan, sourceRun, third } from '../../matrix/testing/source-run-builder.ts';
import { mergeParts } from './merge-lines.ts';

const BROKEN = { verdict: { kind: 'mismatch', broken: ['lowmem.locked'] } } as const;

describe('mergeParts', () => {
  it('says of a whole run only what it was merged from', () => {
    const runs = [1, 2, 3].map((nr) => sourceRun(third(nr), third(nr).chosen));
    const { merge } = mergeRuns(runs, { unread: [], notes: [], mixed: [] });
    expect(mergeParts(merge)).toEqual([
      {
        title: 'Merged from 3 runs',
        isBad: false,
        lines: [1, 2, 3].map(
          (nr) => `results/night-${nr}: 2 cells of 2 of nightly, shard ${nr}/3, sub1m 0.1.0`,
        ),
      },
    ]);
  });

  it('says what is missing, cannot be read, is mixed, and was run more than once, the worst first', () => {
    const runs = [
      sourceRun(plan({ ...third(1), limit: 90 }), ['a', cellOf('b', BROKEN)]),
      sourceRun(null, ['b']),
    ];
    const unread = [
      { source: 'x.tar', why: 'Cannot unpack x.tar: unexpected end of file' },
      { source: 'y', why: 'expected a folder' },
    ];
    const told = { unread, notes: ['a note'], mixed: ['results/x: another'] };
    const parts = mergeParts(mergeRuns(runs, told).merge);
    const shard = 'there is no run of shard 2/3, 3/3';
    expect(parts).toEqual([
      {
        title: `Missing: 4 cells; ${shard}`,
        isBad: true,
        lines: ['c', 'd', 'e', 'f'].map((cell) => `${cell}: ${shard}`),
      },
      {
        title: 'Not read',
        isBad: true,
        lines: ['Cannot unpack x.tar: unexpected end of file', 'y: expected a folder'],
      },
      { title: 'Mixed, as was asked for', isBad: true, lines: ['results/x: another'] },
      {
        title: 'Run more than once',
        isBad: true,
        lines: ['b: 2 samples, FLAKY: judged differently on the same image'],
      },
      {
        title: 'Merged from 2 runs',
        isBad: false,
        lines: [
          'results/night-1: 2 cells of 2 of nightly, shard 1/3, limit 1 min 30 s, sub1m 0.1.0',
          'results/old: 1 cell',
          'a note',
        ],
      },
    ]);
  });

  it('shows so many lines, and how many more there are; none can command a terminal', () => {
    const cells = Array.from({ length: 50 }, (_, nr) => `cell-${nr}`);
    const hostile = { source: 'a\u001b[31m', why: 'b' };
    const run = sourceRun(plan({ planned: cells, chosen: cells }), []);
    const { merge } = mergeRuns([run], { unread: [hostile], notes: [], mixed: [] });
    const [missing, unread] = mergeParts(merge);
    expect(missing?.lines).toHaveLength(41);
    expect(missing?.lines.at(-1)).toBe('and 10 more');
    expect(unread?.lines.join()).not.toContain('\u001b');
  });
});
