// SPDX-License-Identifier: MIT
/** What befalls the host while cells run: see attack-sub1m.nightly.test.ts. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { type Attack, type Moment, attack } from '../testing/attack.ts';
import { showTable } from '../testing/attack-table.ts';

/** Debian's package faketime. */
const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

const NO_ROOM = /ENOSPC|[Nn]o (space|room)/;

afterAll(showTable);

describe('a full disk', () => {
  const BOTH = '69: unjudged E_HOST, unjudged E_HOST';
  const FIRST = '69: unjudged E_HOST, match; report';
  type Holds = NonNullable<Attack['disk']>['holds'];
  const DISKS: readonly [Holds, string, Moment | null, readonly string[]][] = [
    ['results', '24m', null, [FIRST]],
    // No cell leaves a bundle: then the cause is all there is.
    ['results', '64m', 'boot', ['69: no verdict; no report']],
    // What the dump had taken is there for the next cell.
    ['results', '256m', 'dump', [FIRST, `${BOTH}; report`, `${BOTH}; no report`]],
    ['results', '1g', 'judging', [`${BOTH}; no report`]],
    ['temporary files', '256k', null, [`${BOTH}; report`]],
    ['temporary files', '64m', 'boot', [`${BOTH}; report`]],
    ['temporary files', '64m', 'capture', [`${BOTH}; report`]],
    ['the cache', '8m', null, ['69: no verdict; no report']],
    ['the cache', '130m', null, ['69: no verdict; no report']],
  ];
  it.each(DISKS)('for %s (%s) in %s', async (...[holds, size, moment, expected]) => {
    const disk = { holds, size };
    const what = `${holds} on a full disk (${size})`;
    expect(await attack({ what, moment, long: 'first', expected, says: NO_ROOM, disk })).toEqual(
      [],
    );
  });
});

/** Threads of ours that take memory before they answer, until there is none. */
const GREEDY_THREADS = `
const { isMainThread, parentPort } = require('node:worker_threads');
if (!isMainThread) parentPort.postMessage = () => {
  for (const taken = []; ; ) taken.push(new Array(1e5).fill({}));
};
`;

describe('want of memory', () => {
  it('of a thread makes its cell unjudged', async () => {
    await using temp = await makeTempDir();
    const preload = join(temp.path, 'greedy.cjs');
    await writeFile(preload, GREEDY_THREADS);
    const wrong = await attack({
      what: 'a thread runs out of memory',
      moment: null,
      long: 'first',
      // The short cell is judged in a thread, which may or may not have enough.
      expected: [
        '69: unjudged E_HOST, match; report',
        '69: unjudged E_HOST, unjudged E_HOST; report',
      ],
      says: /Cannot run \w+ in a thread: .*memory/,
      env: { NODE_OPTIONS: `--require=${preload} --max-old-space-size=64` },
    });
    expect(wrong).toEqual([]);
  });

  const MIB = 2 ** 20;
  const UNJUDGED = '69: unjudged E_PROCESS, unjudged E_PROCESS; report';
  // QEMU asks for more than the host gives; Node aborts, and nobody can clean up after that.
  const LIMITS: readonly [string, Pick<Attack, 'env' | 'under' | 'expected' | 'says'>][] = [
    [
      'a heap of 10 MB',
      {
        env: { NODE_OPTIONS: '--max-old-space-size=10' },
        expected: ['SIGABRT: no verdict; no report'],
      },
    ],
    [
      '140 MB of data',
      {
        under: ['prlimit', `--data=${140 * MIB}`, '--'],
        // Node aborts where it is refused memory, or says so where it is refused a thread.
        expected: [
          'SIGABRT: no verdict; no report',
          'SIGABRT: unjudged E_HOST; no report',
          '69: no verdict; no report',
        ],
      },
    ],
    [
      '300 MB of data',
      {
        under: ['prlimit', `--data=${300 * MIB}`, '--'],
        expected: [UNJUDGED],
        says: /In phase firmware: .*(limit|memory)/,
      },
    ],
  ];
  it.each(LIMITS)('of sub1m, with %s', async (what, limit) => {
    expect(await attack({ what, moment: null, long: 'first', ...limit })).toEqual([]);
  });
});

describe('time', () => {
  it('that no phase has enough of blames no kernel', async () => {
    const args = ['--budget', '0.02'];
    const expected = ['69: unjudged E_DEADLINE, unjudged E_DEADLINE; report'];
    expect(
      await attack({ what: 'no time', moment: null, long: 'first', expected, says: /Phase/, args }),
    ).toEqual([]);
  });

  it.each([
    ['+1d', 'boot'],
    ['-1d', 'boot'],
    ['+1d', 'capture'],
    ['-1d', 'dump'],
  ] as const)('that jumps by %s in %s changes no verdict', async (jump, moment) => {
    await using temp = await makeTempDir();
    const offset = join(temp.path, 'offset');
    await writeFile(offset, '+0');
    const wrong = await attack({
      what: `clock jumps ${jump}`,
      moment,
      long: 'first',
      expected: ['0: match, match; report'],
      env: {
        LD_PRELOAD: FAKETIME,
        FAKETIME_TIMESTAMP_FILE: offset,
        FAKETIME_NO_CACHE: '1',
        DONT_FAKE_MONOTONIC: '1',
      },
      act: () => writeFile(offset, jump),
    });
    expect(wrong).toEqual([]);
  });
});
