// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncPath } from './sync-disk.ts';

/**
 * Writes a file, and makes its folder. Whoever reads it sees the old text or the new one, whole, even if
 * this program is killed meanwhile or the host loses power.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const unfinished = join(folder, `.unfinished-${process.pid}-${randomUUID()}`);
  try {
    // `flush`: else the name may reach the disk before the text.
    await writeFile(unfinished, text, { flush: true });
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  await syncPath(folder);
}
