// SPDX-License-Identifier: MIT
import { readdir, rm, statfs } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dir } from 'tmp-promise';

const PREFIX = 'sub1m';

/** A private folder that is removed with all it holds. Its path is short: a Unix socket's may have 107 bytes. */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
}

/** A file system in memory, on every Linux; in a container it may be tiny. */
const MEMORY = '/dev/shm';

/** Makes an empty folder, mode 0700, named for this process so that a later run can tell whether it is still in use. */
export function makeTempDir(): Promise<TempDir> {
  return makeDirIn(tmpdir());
}

/** The same in memory, where `bytes` can be written at memory speed; on disk where memory has not twice the room. */
export async function makeMemoryDir(bytes: number): Promise<TempDir> {
  const hasRoom = await statfs(MEMORY).then(
    ({ bavail, bsize }) => bavail * bsize >= bytes * 2,
    () => false,
  );
  return makeDirIn(hasRoom ? MEMORY : tmpdir());
}

async function makeDirIn(parent: string): Promise<TempDir> {
  const prefix = `${PREFIX}-${process.pid}`;
  const made = await dir({ prefix, unsafeCleanup: true, tmpdir: parent });
  return {
    path: made.path,
    [Symbol.asyncDispose]: async () => {
      await rm(made.path, { recursive: true, force: true });
    },
  };
}

/** Removes the folders of earlier processes that were killed before they could clean up. */
export async function sweepTempDirs(): Promise<void> {
  for (const parent of new Set([tmpdir(), MEMORY])) {
    for (const name of await readdir(parent).catch(() => [])) {
      const pid = /^sub1m-(\d+)-/.exec(name)?.[1];
      if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
        await rm(join(parent, name), { recursive: true, force: true });
      }
    }
  }
}
