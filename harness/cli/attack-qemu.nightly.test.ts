// SPDX-License-Identifier: MIT
/** What befalls QEMU in each phase of a cell: see attack-sub1m.nightly.test.ts. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { PHASES } from '../bundle/cell-record.ts';
import { attack } from '../testing/attack.ts';
import { showTable } from '../testing/attack-table.ts';
import type { RunningCommand } from '../testing/run-command.ts';
import { machinesOf } from '../testing/run-sub1m.ts';

const MINUTE_MS = 60_000;

afterAll(showTable);

describe('QEMU', () => {
  /** Those of a run; phase firmware begins before its QEMU does. */
  const machines = async ({ child }: RunningCommand): Promise<number[]> => {
    await expect.poll(() => machinesOf(child.pid), { timeout: 20_000 }).not.toEqual([]);
    return machinesOf(child.pid);
  };

  it.each(PHASES)('that is killed in %s makes its cell unjudged, and no other', async (moment) => {
    const act = async (run: RunningCommand): Promise<void> => {
      for (const pid of await machines(run)) process.kill(pid, 'SIGKILL');
    };
    const expected = [
      '69: unjudged E_PROCESS, match; report',
      // At the very end there may be nothing left to spoil.
      ...(moment === 'off' ? ['0: match, match; report'] : []),
      // A saved firmware out of which no machine comes is made anew, and the cell run again.
      ...(moment === 'firmware' ? ['0: match, match; report'] : []),
    ];
    const says = new RegExp(`In phase ${moment}: .*SIGKILL`);
    expect(
      await attack({ what: 'QEMU killed', moment, long: 'first', expected, says, act }),
    ).toEqual([]);
  });

  it.each(PHASES)('that is stopped for a minute in %s blames no kernel', async (moment) => {
    const act = async (run: RunningCommand): Promise<void> => {
      const stopped = await machines(run);
      for (const pid of stopped) process.kill(pid, 'SIGSTOP');
      await delay(MINUTE_MS);
      // The run may have ended it meanwhile.
      const left = machinesOf(run.child.pid).filter((pid) => stopped.includes(pid));
      for (const pid of left) process.kill(pid, 'SIGCONT');
    };
    const expected = [
      '0: match, match; report',
      '69: unjudged E_DEADLINE, match; report',
      '69: unjudged E_TIMER, match; report',
    ];
    expect(await attack({ what: 'QEMU stopped', moment, long: 'first', expected, act })).toEqual(
      [],
    );
  });
});
