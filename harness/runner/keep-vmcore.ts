// SPDX-License-Identifier: MIT
import { rm } from 'node:fs/promises';
import { vmcoreFile } from '../bundle/evidence.ts';
import type { VmcoresKept } from '../bundle/removed-vmcore.ts';
import type { Judgement } from '../check/judgement.ts';
import { wordsOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { type JudgedCell, countedAs } from '../matrix/judged-cell.ts';
import type { VmcoreDigest } from '../vmcore/vmcore-digest.ts';
import { removeVmcore } from './removed-vmcore.ts';
import type { SharedVmcores } from './shared-vmcores.ts';
import { packVmcore } from './unpack-vmcore.ts';

/** What becomes of the vmcores of a run. */
export interface VmcoreKeeping {
  readonly keep: VmcoresKept;
  /** Null if each is stored by itself. */
  readonly shared: SharedVmcores | null;
}

/** Every vmcore is kept, by itself. */
export const KEEP_ALL: VmcoreKeeping = { keep: 'all', shared: null };

/** Whether the vmcore of a cell is kept: with `broken` that of each cell that is not as it should be, or may not be. */
export function isKept(keep: VmcoresKept, judgement: Judgement): boolean {
  return keep === 'all' || (keep === 'broken' && countedAs(judgement) !== 'match');
}

/** A vmcore that lies in its cell's folder as it came, and what was read of it. */
export interface FreshVmcore {
  readonly path: string;
  readonly digest: VmcoreDigest;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Stores or removes the vmcore of a cell that was judged. One with which that cannot be done stays as it is. */
export async function settleVmcore(
  { record, judgement, folder }: JudgedCell,
  { keep, shared }: VmcoreKeeping,
  { path, digest, signal, log }: FreshVmcore,
): Promise<void> {
  try {
    if (!isKept(keep, judgement)) {
      await removeVmcore(path, { folder, machine: record.spec, keep, digest });
    } else if (shared !== null) {
      await shared.pack(path, record, signal);
      await rm(path);
    } else if (vmcoreFile(record.spec) !== 'vmcore') {
      await packVmcore(path, signal);
      await rm(path);
    }
  } catch (error) {
    log.warn(`${path} stays as it is: ${wordsOf(error)}`);
  }
}
