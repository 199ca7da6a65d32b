// SPDX-License-Identifier: MIT
import { statfs } from 'node:fs/promises';
import { HostError, InterruptedError } from '../errors.ts';

/** Between two looks at a disk, ms. */
const LOOK_MS = 1000;

/** How often in a row a disk must be found full: what fills it may still give way. */
const LOOKS_LIMIT = 3;

/** A disk with less room is full, bytes: who has failed to write a block may have left a smaller rest. */
const ROOM_MIN = 4 * 2 ** 20;

/** ENOSPC, as strerror(3) has it. */
const NO_ROOM = /No space left on device/;

/**
 * Looks whether a full disk is why something failed: QEMU and apt say only that they could not write. Throws `HostError`
 * for a folder on a disk without room.
 */
export async function requireRoom(folders: readonly string[], cause: Error): Promise<void> {
  for (const folder of folders) {
    if (await isFull(folder)) throw noRoom(folder, cause);
  }
}

/**
 * Does what fills a folder; ends it, and throws `HostError`, when the folder's disk stays full: apt's downloads wait for
 * ever then. `work` is given a signal that fires in that case, too.
 */
export async function whileThereIsRoom<T>(
  folder: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const full = new AbortController();
  let looks = 0;
  const look = async (): Promise<void> => {
    looks = (await isFull(folder)) ? looks + 1 : 0;
    if (looks === LOOKS_LIMIT) full.abort();
  };
  const looking = setInterval(() => {
    look().catch(() => {
      // What is wrong with the folder shows in the work.
    });
  }, LOOK_MS);
  try {
    return await work(AbortSignal.any([signal, full.signal]));
  } catch (error) {
    if (signal.aborted || !(error instanceof Error)) throw error;
    // What apt could not write it has removed.
    if (full.signal.aborted || NO_ROOM.test(error.message)) throw noRoom(folder, error);
    await requireRoom([folder], error);
    throw error;
  } finally {
    clearInterval(looking);
  }
}

async function isFull(folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize < ROOM_MIN;
}

function noRoom(folder: string, cause: Error): HostError {
  const detail = cause instanceof InterruptedError ? '' : `: ${cause.message}`;
  return new HostError(`No room is left on the disk of ${folder}${detail}`, { cause });
}
