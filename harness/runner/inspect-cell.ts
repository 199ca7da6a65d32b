// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { parseDeadKernel } from '../bundle/dead-kernel.ts';
import { type EvidenceFile, evidencePath } from '../bundle/evidence.ts';
import { FormatError } from '../errors.ts';
import type { DeadEvidence } from '../report/inspect-dead.ts';

/** What there is to inspect: a dump in a file, or what was kept of a kernel that died. */
export type InspectTarget =
  | { readonly kind: 'dump'; readonly path: string }
  | { readonly kind: 'dead'; readonly evidence: DeadEvidence };

/** Bytes of what was kept, at most: a log has less than 16 MiB. */
const FILE_LIMIT = 64 * 1024 * 1024;

/**
 * Finds what to inspect in a cell's folder, in this order: the whole memory of the machine whose kernel died, if only that
 * answers; what was kept of that kernel; the vmcore. Throws `FormatError` for a folder that has none of them, and for what is
 * not what it must be.
 */
export async function findTarget(path: string, needsMemory: boolean): Promise<InspectTarget> {
  const has = (file: EvidenceFile): boolean => existsSync(evidencePath(path, file));
  if (!has('cell.json')) {
    throw new FormatError(
      `Cannot read ${path}: expected a dump or a cell's folder, found a folder without cell.json`,
    );
  }
  if (needsMemory && has('dead/memory.zst')) {
    return { kind: 'dump', path: evidencePath(path, 'dead/memory.zst') };
  }
  if (has('dead/kernel.json')) return { kind: 'dead', evidence: await readDead(path) };
  const vmcore = (['vmcore', 'vmcore.zst'] as const).find(has);
  if (vmcore) return { kind: 'dump', path: evidencePath(path, vmcore) };
  throw new FormatError(
    `Cannot read ${path}: expected a vmcore or what was kept of a dead kernel, ` +
      'found a folder with neither',
  );
}

async function readDead(folder: string): Promise<DeadEvidence> {
  const path = evidencePath(folder, 'dead/kernel.json');
  const record = parseDeadKernel(Buffer.from(await readSmall(path)).toString('utf8'), path);
  const log = evidencePath(folder, 'dead/dmesg');
  const dmesg = existsSync(log) ? Buffer.from(await readSmall(log)).toString('latin1') : null;
  return { record, dmesg };
}

async function readSmall(path: string): Promise<Uint8Array> {
  const info = await stat(path);
  if (info.isFile() && info.size <= FILE_LIMIT) return readFile(path);
  throw new FormatError(`Cannot read ${path}: expected a file of at most ${FILE_LIMIT} bytes`);
}
