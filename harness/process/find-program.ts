// SPDX-License-Identifier: MIT
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';

/** Where distributions put programs; an ordinary user's PATH lacks half of these folders. */
const PROGRAM_FOLDERS = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The path of a program of the host's distribution, or undefined. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of PROGRAM_FOLDERS) {
    try {
      await access(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Look in the next folder.
    }
  }
  return undefined;
}
