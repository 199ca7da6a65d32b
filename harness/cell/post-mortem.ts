// SPDX-License-Identifier: MIT
/** The last look at a machine whose kernel died or hung: what its memory says of it, into `dead/`. */
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { SCHEMA_VERSION, type Phase } from '../bundle/cell-record.ts';
import type { DeadKernelFile } from '../bundle/dead-kernel.ts';
import { evidencePath } from '../bundle/evidence.ts';
import type { Log } from '../log.ts';
import { parseIomem } from '../memory/iomem.ts';
import { SZ_1M } from '../memory/pfn.ts';
import { type PhysRange, physRange } from '../memory/phys-range.ts';
import { withDeadline } from '../process/deadline.ts';
import { runInThread, threadModule } from '../process/run-in-thread.ts';
import type { DeadMachine, PostMortem } from './examine-dead.ts';
import type { RunningCell } from './phases.ts';
import { saveCoreAs } from './save-core.ts';
import { evidencePlace, writeEvidence } from './write-evidence.ts';

/** How long the look may take, ms: a second or two on an idle host, ten times that on a very busy one. */
const LOOK_MS = 60_000;
/** How long it may take to keep the whole memory, ms: a second for each GiB that the guest wrote to. */
const KEEP_MS = 120_000;

/** The whole memory in a bundle, flattened, until it is packed as `dead/memory.zst`. */
export const DEAD_MEMORY = 'dead/memory';

/** What the cell's machine did. */
export interface Death {
  readonly phase: Phase;
  readonly how: DeadKernelFile['how'];
}

/** A cell whose kernel died. */
type DeadCell = Pick<RunningCell, 'folder' | 'machine'>;

interface LookOptions {
  readonly keepMemory: boolean;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/**
 * Reads the memory of a machine that stands still, and leaves what it finds in `dead/`. Whatever fails is logged and said in
 * `dead/kernel.json`: a cell has its outcome without it. Throws only when the signal fires.
 */
export async function savePostMortem(
  cell: DeadCell,
  death: Death,
  options: LookOptions,
): Promise<void> {
  await saveLook(cell, death, options);
  if (options.keepMemory) await keepMemory(cell, options);
}

async function saveLook(cell: DeadCell, death: Death, { signal, log }: LookOptions): Promise<void> {
  const startedAt = performance.now();
  const leave = async (kernel: DeadKernelFile['kernel']): Promise<void> => {
    const seconds = Math.round(performance.now() - startedAt) / 1000;
    const file: DeadKernelFile = { schema: SCHEMA_VERSION, ...death, seconds, kernel };
    await writeEvidence(cell.folder, 'dead/kernel.json', `${JSON.stringify(file, null, 2)}\n`);
  };
  try {
    await withDeadline(
      'a look at the memory of the kernel that died',
      { budgetMs: LOOK_MS, signal },
      async (deadline) => {
        await leave(await look(cell, death, deadline));
      },
    );
  } catch (error) {
    if (signal.aborted) throw error;
    const why = messageOf(error);
    log.warn(`${cell.folder}: no look at the kernel that died: ${why}`);
    await leave({ value: null, why });
  }
}

async function keepMemory(cell: DeadCell, { signal, log }: LookOptions): Promise<void> {
  const path = join(cell.folder, DEAD_MEMORY);
  const part = `${path}.part`;
  try {
    await withDeadline('the memory of the machine', { budgetMs: KEEP_MS, signal }, (deadline) =>
      saveCoreAs(part, cell, deadline),
    );
    await rename(part, path);
  } catch (error) {
    if (signal.aborted) throw error;
    log.warn(`${cell.folder}: cannot keep the memory of the machine: ${messageOf(error)}`);
  } finally {
    await rm(part, { force: true });
  }
}

async function look(
  { machine, folder }: DeadCell,
  { phase }: Death,
  signal: AbortSignal,
): Promise<DeadKernelFile['kernel']> {
  const registers = await machine.registers();
  await writeEvidence(folder, 'dead/registers', registers);
  await machine.savePhys(physRange(0, SZ_1M), await evidencePlace(folder, 'dead/low1m.bin'));
  await using ram = await machine.openRam();
  const crashkernel = await crashkernelRanges(folder);
  const hint = { crashkernel, capture: MAY_BE_CAPTURE.has(phase) };
  const argument: DeadMachine = { ram: ram.place, registers, hint };
  const call = { module: threadModule('cell/examine-dead'), name: 'examineDead', argument };
  const { kernel, dmesg, kallsyms } = await runInThread<PostMortem>(call, signal);
  if (dmesg !== null) await writeEvidence(folder, 'dead/dmesg', dmesg);
  if (kallsyms !== null) await writeEvidence(folder, 'dead/kallsyms', kallsyms);
  return kernel;
}

/** The phases in which the machine has jumped, or should have. */
const MAY_BE_CAPTURE: ReadonlySet<Phase> = new Set<Phase>(['capture', 'dump', 'off']);

/** Where a capture kernel would be, as the system kernel said; nowhere if it has not. */
async function crashkernelRanges(folder: string): Promise<PhysRange[]> {
  try {
    const text = await readFile(evidencePath(folder, 'system/iomem'), 'latin1');
    return parseIomem(text).flatMap(({ name, range }) => (name === 'Crash kernel' ? [range] : []));
  } catch {
    return [];
  }
}
