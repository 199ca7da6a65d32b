// SPDX-License-Identifier: MIT
import { rename, writeFile } from 'node:fs/promises';

/**
 * Writes a file that other programs may be reading: they see the old text or the new one, whole.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, text);
  await rename(unfinished, path);
}
