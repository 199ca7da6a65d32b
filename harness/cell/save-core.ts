// SPDX-License-Identifier: MIT
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { evidencePath } from '../bundle/evidence.ts';
import { runInThread, threadModule } from '../process/run-in-thread.ts';
import { VMCORE_PART } from './cell-disks.ts';
import type { CellMachine } from './cell-machine.ts';
import type { CoreJob } from './write-core.ts';

interface CoreOptions {
  readonly machine: Pick<CellMachine, 'coreHead' | 'openRam'>;
  readonly folder: string;
}

/** Saves all memory of a machine that is held, as the vmcore of a cell that has no capture kernel to make one. */
export async function saveCore(options: CoreOptions, signal: AbortSignal): Promise<void> {
  const part = join(options.folder, VMCORE_PART);
  await saveCoreAs(part, options, signal);
  await rename(part, evidencePath(options.folder, 'vmcore'));
}

/**
 * Saves all memory of a machine that stands still in a file, flattened. Its headers are QEMU's; its memory is read in
 * place, for QEMU would write what the guest has never used, too.
 */
export async function saveCoreAs(
  path: string,
  { machine }: Omit<CoreOptions, 'folder'>,
  signal: AbortSignal,
): Promise<void> {
  const head = await machine.coreHead();
  await using ram = await machine.openRam();
  const argument: CoreJob = { head, ram: ram.place, path };
  await runInThread(
    { module: threadModule('cell/write-core'), name: 'writeCore', argument },
    signal,
  );
}
