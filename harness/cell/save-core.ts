// SPDX-License-Identifier: MIT
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { evidencePath } from '../bundle/evidence.ts';
import { runInThread, threadModule } from '../process/run-in-thread.ts';
import { VMCORE_PART } from './cell-disks.ts';
import type { CellMachine } from './cell-machine.ts';

interface CoreOptions {
  readonly machine: Pick<CellMachine, 'saveCore'>;
  readonly folder: string;
  readonly temp: string;
}

/** Saves all memory of a machine that is held, as the vmcore of a cell that has no capture kernel to make one. */
export async function saveCore(options: CoreOptions, signal: AbortSignal): Promise<void> {
  const part = join(options.folder, VMCORE_PART);
  await saveCoreAs(part, options, signal);
  await rename(part, evidencePath(options.folder, 'vmcore'));
}

/** Saves all memory of a machine that stands still in a file, flattened. */
export async function saveCoreAs(
  path: string,
  { machine, temp }: Omit<CoreOptions, 'folder'>,
  signal: AbortSignal,
): Promise<void> {
  const core = join(temp, 'core');
  await machine.saveCore(core);
  const call = {
    module: threadModule('cell/flatten-file'),
    name: 'flattenFile',
    argument: { from: core, to: path },
  };
  await runInThread(call, signal);
  await rm(core);
}
