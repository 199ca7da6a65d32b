// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DeadKernelRecord, deadKernelSchema } from '../bundle/dead-kernel.ts';
import { silentLog } from '../log.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { PhaseClock } from './phase-clock.ts';
import { PHASE_STEPS } from './phases.ts';
import { runPhases, runSteps } from './run-phases.ts';
import { answer, cellSpec, scriptedCell } from './testing/running-cell-builder.ts';

const SYSTEM_HELLO = answer('ok', 'hello', { agent: '2', role: 'system', release: '6.12.0' });

function options(budgetScale: number) {
  const clock = new PhaseClock(() => {});
  const { signal } = new AbortController();
  return { clock, budgetScale, keepMemory: true, signal, log: silentLog };
}

async function deadKernelIn(folder: string): Promise<DeadKernelRecord> {
  const text = await readFile(join(folder, 'dead/kernel.json'), 'utf8');
  return deadKernelSchema.parse(JSON.parse(text));
}

describe('the last look at a machine whose kernel died', () => {
  it('is taken when the machine ends where it must go on, and says why it shows nothing', async () => {
    await using temp = await makeTempDir();
    const guest = scriptedCell(cellSpec(), temp.path, () => undefined);
    guest.print('Linux version 6.12\n');
    const running = runPhases(guest.cell, options(1));
    // The phase `boot` has begun by then.
    await new Promise((resolve) => setImmediate(resolve));
    guest.end('guest-reset');
    expect(await running).toMatchObject({ kind: 'machine-ended', phase: 'boot' });
    expect(await deadKernelIn(temp.path)).toMatchObject({
      phase: 'boot',
      how: 'machine-ended',
      kernel: { value: null, why: 'Cannot read the machine: it is none' },
    });
    expect(await readFile(join(temp.path, 'dead/registers'), 'utf8')).toBe('RIP=0\n');
  });

  it('is taken when a phase overruns', async () => {
    await using temp = await makeTempDir();
    const guest = scriptedCell(cellSpec(), temp.path, () => undefined);
    guest.print('Linux version 6.12\n');
    expect(await runPhases(guest.cell, options(0.001))).toMatchObject({ kind: 'overrun' });
    expect(await deadKernelIn(temp.path)).toMatchObject({ phase: 'boot', how: 'overrun' });
    // What cannot be kept is no trouble either.
    expect(existsSync(join(temp.path, 'dead/memory'))).toBe(false);
  });

  it('is not taken of a machine that is switched off', async () => {
    await using temp = await makeTempDir();
    const spec = cellSpec({ crashkernel: null, trigger: 'none' });
    const guest = scriptedCell(spec, temp.path, (command) =>
      command === 'observe' ? undefined : answer('ok', command),
    );
    guest.print('Linux version 6.12\n');
    guest.say(SYSTEM_HELLO);
    const steps = PHASE_STEPS.filter(({ phase }) => phase !== 'observe');
    const running = runSteps(steps, guest.cell, options(1));
    await expect.poll(() => guest.told).toContain('poweroff');
    guest.end('guest-shutdown');
    expect(await running).toBeUndefined();
    expect(existsSync(join(temp.path, 'dead'))).toBe(false);
  });
});
