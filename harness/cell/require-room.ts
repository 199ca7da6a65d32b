// SPDX-License-Identifier: MIT
import { statfs } from 'node:fs/promises';
import { HostError } from '../errors.ts';

/**
 * Looks whether a full disk is why something failed: QEMU says only that it could not write. Throws `HostError` for a
 * folder on a disk without room.
 */
export async function requireRoom(folders: readonly string[], cause: Error): Promise<void> {
  for (const folder of folders) {
    const { bavail } = await statfs(folder);
    if (bavail > 0) continue;
    throw new HostError(`No room is left on the disk of ${folder}: ${cause.message}`, { cause });
  }
}
