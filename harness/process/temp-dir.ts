// SPDX-License-Identifier: MIT
import { readdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dir } from 'tmp-promise';

const PREFIX = 'sub1m';

/** A private folder, removed with everything in it. Its path is short: that of a Unix socket may have 107 bytes. */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
}

/** Makes an empty folder, mode 0700. Its name has our pid, so that a later run can tell whether it is still in use. */
export async function makeTempDir(): Promise<TempDir> {
  const made = await dir({ prefix: `${PREFIX}-${process.pid}`, unsafeCleanup: true });
  return {
    path: made.path,
    [Symbol.asyncDispose]: async () => {
      await rm(made.path, { recursive: true, force: true });
    },
  };
}

/** Removes the folders of earlier processes that were killed before they could clean up. */
export async function sweepTempDirs(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = /^sub1m-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      await rm(join(tmpdir(), name), { recursive: true, force: true });
    }
  }
}
