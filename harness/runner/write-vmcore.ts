// SPDX-License-Identifier: MIT
import { constants } from 'node:fs';
import { copyFile, stat } from 'node:fs/promises';
import { UsageError, fromSystemError } from '../errors.ts';
import type { VmcoreFile } from './unpack-vmcore.ts';

/** Writes a dump to a new file; gives its bytes. Throws `UsageError` if there is one, `HostError`. */
export async function writeVmcore({ path }: VmcoreFile, to: string): Promise<number> {
  try {
    await copyFile(path, to, constants.COPYFILE_EXCL);
    return (await stat(to)).size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      const message = `Cannot write ${to}: expected no such file, found one; name another`;
      throw new UsageError(message, { cause: error });
    }
    throw fromSystemError(error, `write ${to}`);
  }
}
