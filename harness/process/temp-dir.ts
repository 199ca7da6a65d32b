// SPDX-License-Identifier: MIT
import type { Stats } from 'node:fs';
import { existsSync } from 'node:fs';
import { lstat, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { dir } from 'tmp-promise';
import { HostError, UsageError } from '../errors.ts';

const PREFIX = 'sub1m';

/** A private folder, removed with everything in it. Its path is short: that of a Unix socket may have 107 bytes. */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
}

/**
 * Makes an empty folder, mode 0700, that was not there before. Its name has our pid, so that a later run can tell whether
 * it is still in use. Throws `UsageError` or `HostError` if TMPDIR names no folder that can hold it.
 */
export async function makeTempDir(): Promise<TempDir> {
  await requireShared();
  const made = await dir({ prefix: `${PREFIX}-${process.pid}`, mode: 0o700, unsafeCleanup: true });
  return {
    path: made.path,
    [Symbol.asyncDispose]: async () => {
      await rm(made.path, { recursive: true, force: true });
    },
  };
}

/** Removes our folders of earlier processes that were killed before they could clean up; those of other users stay. */
export async function sweepTempDirs(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = /^sub1m-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await removeOwn(join(tmpdir(), name));
  }
}

/** Why what a sweep finds may stay: it is another user's, something is mounted there, or another sweep was faster. */
const NOT_OURS = ['EACCES', 'EPERM', 'ENOENT', 'EROFS', 'EBUSY'];

async function removeOwn(path: string): Promise<void> {
  try {
    const info = await lstat(path);
    // A link that is called so leads anywhere.
    if (info.isDirectory() && info.uid === process.getuid?.()) {
      await rm(path, { recursive: true, force: true });
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!NOT_OURS.includes(code)) throw error;
  }
}

/** Refuses a folder for temporary files in which names would change their meaning, or others could change them. */
async function requireShared(): Promise<void> {
  const path = tmpdir();
  const advice = 'set TMPDIR to a folder that is yours, or to /tmp';
  if (!isAbsolute(path)) {
    throw new UsageError(`Cannot use TMPDIR: expected an absolute path, found ${path}; ${advice}`);
  }
  const info = await stat(path).catch(() => undefined);
  if (info?.isDirectory() && !isOpenToAll(info)) return;
  const found = info === undefined ? 'none' : info.isDirectory() ? 'one open to all' : 'no folder';
  throw new HostError(
    `Cannot make temporary files in ${path}: expected a folder, found ${found}; ${advice}`,
  );
}

/** Whether everybody may rename and remove what others have in a folder: there is no sticky bit. */
function isOpenToAll({ mode }: Stats): boolean {
  const [OTHERS_WRITE, STICKY] = [0o002, 0o1000];
  return (mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0;
}
