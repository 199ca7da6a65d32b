// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readCellRecord } from '../bundle/bundle.ts';
import { BundleFolder } from '../bundle/bundle-folder.ts';
import type { CellSpec } from '../bundle/cell-record.ts';
import { type EvidenceFile, VMCORES } from '../bundle/evidence.ts';
import { dumpBytes } from '../bundle/evidence-limits.ts';
import { FormatError } from '../errors.ts';
import { openFile } from '../process/open-file.ts';
import { readRemoved } from './removed-vmcore.ts';
import { SHARED_RECORD, unpackShared } from './shared-vmcores.ts';
import { type VmcoreFile, unpacked } from './unpack-vmcore.ts';

/** Names of a cell's vmcore that a user may give, whatever it is stored as. */
const CELLS_VMCORE: readonly string[] = [...VMCORES, 'vmcore.delta.zst'];

/**
 * Opens a dump that a user names, or the one beside it that `packVmcore()` made. In a cell's folder it is held to the
 * cell's record. Throws as `unpacked()` does, `UsageError` if it may not be read.
 */
export async function requireVmcore(path: string, signal: AbortSignal): Promise<VmcoreFile> {
  const isCells =
    CELLS_VMCORE.includes(basename(path)) && existsSync(join(dirname(path), 'cell.json'));
  const isWhole = !/\.(?:shared\.json|delta\.zst)$/.test(path);
  const found = [path, `${path}.zst`].find((name) => isWhole && existsSync(name));
  if (!isCells) return unpacked(openFile(found ?? path), { limit: Infinity }, signal);
  using folder = BundleFolder.open(dirname(path));
  const { spec } = readCellRecord(folder);
  if (found !== undefined)
    return await unpacked(openFile(found), { limit: dumpBytes(spec) }, signal);
  const vmcore = await findVmcoreIn(folder, { files: [SHARED_RECORD], spec }, signal);
  if (vmcore) return vmcore;
  refuseRemoved(folder, spec);
  return await unpacked(openFile(path), { limit: dumpBytes(spec) }, signal);
}

/** Throws `FormatError` if the bundle's vmcore was removed because nobody asked to keep it. */
export function refuseRemoved(folder: BundleFolder, spec: CellSpec): void {
  const removed = readRemoved(folder, spec);
  if (removed === undefined) return;
  throw new FormatError(
    `Cannot read the vmcore of ${folder.path}: it was removed by --keep ${removed.keep}; ` +
      'run the cell again with --keep all',
  );
}

/**
 * Finds a dump among the files of a bundle: the first of these that the cell left. Undefined if it left none. Throws
 * `FormatError` for one that is no file, or larger than the cell's memory makes it, and as `unpacked()` does.
 */
export async function findVmcoreIn(
  folder: BundleFolder,
  { files, spec }: { readonly files: readonly EvidenceFile[]; readonly spec: CellSpec },
  signal: AbortSignal,
): Promise<VmcoreFile | undefined> {
  for (const name of files) {
    if (name === SHARED_RECORD && folder.has(name)) return unpackShared(folder, spec, signal);
    const file = folder.open(name, spec);
    if (file) return unpacked(file, { limit: dumpBytes(spec) }, signal);
  }
  return undefined;
}
