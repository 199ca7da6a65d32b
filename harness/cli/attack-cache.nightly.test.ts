// SPDX-License-Identifier: MIT
/** Runs that share a cold cache, and runs that are killed while they fill one: see attack-sub1m.nightly.test.ts. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, it, onTestFailed } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { addRow, showTable } from '../testing/attack-table.ts';
import { FAST_FIRMWARE, words } from '../testing/checked-cells.ts';
import type { CommandEnd, RunningCommand } from '../testing/run-command.ts';
import { MARK, orphansOf, startSub1m } from '../testing/run-sub1m.ts';
import { randomOf } from '../vmcore/testing/fuzz-engine.ts';

/** Two whole cold starts: packages, firmware, initramfs, a machine. */
const TIMEOUT_MS = 1_800_000;

/** A cold run gets to its machine in about this time, ms; one that is there earlier is killed there. */
const KILLED_WITHIN_MS = 30_000;

const SEED = 20_261_129;

afterAll(showTable);

/** Starts a run of one cell without a crash, in the folder `temp`, with a cache there. */
function start(temp: string, name: string): RunningCommand {
  const cell = words('check debian:6.12 --crashkernel none --trigger none --json');
  const run = startSub1m([...cell, ...FAST_FIRMWARE, '--results', join(temp, name)], {
    XDG_CACHE_HOME: join(temp, 'cache'),
    [MARK]: temp,
  });
  onTestFailed(async () => {
    process.stderr.write((await run.ended).stderr.slice(-4000));
  });
  return run;
}

function endOf({ status, stdout }: CommandEnd): string {
  const cells = stdout === '' ? [] : parseDocument('run', stdout).cells;
  return `${status}: ${cells.map(({ verdict }) => verdict.kind).join(', ') || 'no verdict'}`;
}

/** What runs have left, and what is half made in the cache. */
async function leftIn(temp: string, runs: readonly RunningCommand[]): Promise<string[]> {
  const folders = readdirSync(tmpdir()).filter((name) =>
    runs.some(({ child }) => name.startsWith(`sub1m-${child.pid}-`)),
  );
  const cached = readdirSync(join(temp, 'cache'), { recursive: true, encoding: 'utf8' });
  return [
    ...(await orphansOf(temp)),
    ...folders,
    ...cached.filter((name) => name.includes('.unfinished-')),
  ];
}

it(
  'two runs that start at once from a cold cache both match',
  async () => {
    await using temp = await makeTempDir();
    const runs = ['one', 'other'].map((name) => start(temp.path, name));
    const ends = await Promise.all(runs.map(({ ended }) => ended));
    const seen = [...ends.map(endOf), ...(await leftIn(temp.path, runs))];
    const expected = ['0: match', '0: match'];
    addRow({ what: 'two runs at once from a cold cache', expected, seen });
    expect(seen).toEqual(expected);
  },
  TIMEOUT_MS,
);

it(
  'after five runs that are killed while they fill the cache one matches, and nothing is left',
  async () => {
    await using temp = await makeTempDir();
    const random = randomOf(SEED);
    const runs: RunningCommand[] = [];
    const ends: string[] = [];
    for (const name of ['1', '2', '3', '4', '5']) {
      const run = start(temp.path, name);
      runs.push(run);
      await Promise.race([delay(random(KILLED_WITHIN_MS)), run.says(': boot\n')]);
      run.child.kill('SIGKILL');
      ends.push(endOf(await run.ended));
    }
    const last = start(temp.path, 'last');
    ends.push(endOf(await last.ended));
    const seen = [...ends, ...(await leftIn(temp.path, [...runs, last]))];
    const expected = [...runs.map(() => 'null: no verdict'), '0: match'];
    addRow({ what: 'five runs killed at random times, then one', expected, seen });
    expect(seen).toEqual(expected);
  },
  TIMEOUT_MS,
);
