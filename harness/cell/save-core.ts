// SPDX-License-Identifier: MIT
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { evidencePath } from '../bundle/evidence.ts';
import { runInThread, threadModule } from '../process/run-in-thread.ts';
import { VMCORE_PART } from './cell-disks.ts';
import type { CellMachine } from './cell-machine.ts';

/** Saves all memory of a machine that is held, as the vmcore of a cell that has no capture kernel to make one. */
export async function saveCore(
  {
    machine,
    folder,
    temp,
  }: { readonly machine: CellMachine; readonly folder: string; readonly temp: string },
  signal: AbortSignal,
): Promise<void> {
  const core = join(temp, 'core');
  const part = join(folder, VMCORE_PART);
  await machine.saveCore(core);
  const call = {
    module: threadModule('cell/flatten-file'),
    name: 'flattenFile',
    argument: { from: core, to: part },
  };
  await runInThread(call, signal);
  await rm(core);
  await rename(part, evidencePath(folder, 'vmcore'));
}
