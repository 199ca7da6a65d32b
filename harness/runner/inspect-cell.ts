// SPDX-License-Identifier: MIT
import { readCellRecord } from '../bundle/bundle.ts';
import { BundleFolder } from '../bundle/bundle-folder.ts';
import type { CellSpec } from '../bundle/cell-record.ts';
import { VMCORES } from '../bundle/evidence.ts';
import { FormatError } from '../errors.ts';
import { runInThread, threadModule } from '../process/run-in-thread.ts';
import type { DeadEvidence } from '../report/inspect-dead.ts';
import type { DeadToRead } from './read-dead.ts';
import type { VmcoreFile } from './unpack-vmcore.ts';
import { findVmcoreIn, refuseRemoved } from './vmcore-file.ts';

/** What there is to inspect: a dump, or what was kept of a kernel that died. */
export type InspectTarget =
  | { readonly kind: 'dump'; readonly vmcore: VmcoreFile }
  | { readonly kind: 'dead'; readonly evidence: DeadEvidence };

/**
 * Finds what to inspect in a cell's folder, in this order: the whole memory of the machine whose kernel died, if only that
 * answers; what was kept of that kernel; the vmcore. Throws `FormatError` for a folder that has none of them, and for what is
 * not what it must be.
 */
export async function findTarget(
  path: string,
  needsMemory: boolean,
  signal: AbortSignal,
): Promise<InspectTarget> {
  using folder = BundleFolder.open(path);
  if (!folder.has('cell.json')) {
    throw new FormatError(
      `Cannot read ${path}: expected a dump or a cell's folder, found a folder without cell.json`,
    );
  }
  const { spec } = readCellRecord(folder);
  const isDead = folder.has('dead/kernel.json');
  const files = [
    ...(needsMemory ? (['dead/memory.zst'] as const) : []),
    ...(isDead ? [] : VMCORES),
  ];
  const vmcore = await findVmcoreIn(folder, { files, spec }, signal);
  if (vmcore) return { kind: 'dump', vmcore };
  if (isDead) return { kind: 'dead', evidence: await readInThread(folder, spec, signal) };
  refuseRemoved(folder, spec);
  throw new FormatError(
    `Cannot read ${path}: expected a vmcore or what was kept of a dead kernel, ` +
      'found a folder with neither',
  );
}

/** A stranger's file of the size that there may be takes seconds. */
function readInThread(
  { path, place }: BundleFolder,
  spec: CellSpec,
  signal: AbortSignal,
): Promise<DeadEvidence> {
  const argument: DeadToRead = { folder: { path, place }, spec };
  const call = { module: threadModule('runner/read-dead'), name: 'readDead', argument };
  return runInThread<DeadEvidence>(call, signal);
}
