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
  const signal = async ({ child }: RunningCommand, name: NodeJS.Signals): Promise<void> => {
    // Phase firmware begins before its QEMU does.
    await expect.poll(() => machinesOf(child.pid), { timeout: 20_000 }).not.toEqual([]);
    for (const pid of machinesOf(child.pid)) process.kill(pid, name);
  };

  it.each(PHASES)('that is killed in %s makes its cell unjudged, and no other', async (moment) => {
    const act = (run: RunningCommand): Promise<void> => signal(run, 'SIGKILL');
    const expected = [
      '69: unjudged E_PROCESS, match; report',
      // At the very end there may be nothing left to spoil.
      ...(moment === 'off' ? ['0: match, match; report'] : []),
    ];
    const says = new RegExp(`In phase ${moment}: .*SIGKILL`);
    expect(
      await attack({ what: 'QEMU killed', moment, long: 'first', expected, says, act }),
    ).toEqual([]);
  });

  it.each(PHASES)('that is stopped for a minute in %s blames no kernel', async (moment) => {
    const act = async (run: RunningCommand): Promise<void> => {
      await signal(run, 'SIGSTOP');
      await delay(MINUTE_MS);
      await signal(run, 'SIGCONT');
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
