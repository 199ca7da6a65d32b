// SPDX-License-Identifier: MIT
/** A small file system that only one command sees: nothing of it is left on the host, whoever is killed. */
import { readdirSync, statfsSync, writeFileSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';

/** A disk for a command that `under` starts. */
export interface SmallDisk {
  /** Where the command has it. */
  readonly path: string;
  /** The words before the command; they need root. */
  readonly under: readonly string[];
}

/** statfs(2). */
const TMPFS_MAGIC = 0x01_02_19_94;

/** Plans a disk of `size` (tmpfs(5)) at a new folder. */
export async function smallDisk(path: string, size: string): Promise<SmallDisk> {
  await mkdir(path);
  const mount = 'mount -t tmpfs -o "size=$1" sub1m-attack "$2" && shift 2 && exec "$@"';
  return { path, under: ['unshare', '--mount', '--', 'sh', '-c', mount, 'sh', size, path] };
}

/** A disk in use, from outside; it stays readable when its command has ended. */
export interface OpenDisk extends AsyncDisposable {
  readonly path: string;
  /** Leaves no room on it. */
  readonly fill: () => void;
  /** The names at its top. */
  readonly names: () => string[];
}

/** Opens the disk of a command that runs. */
export async function openDisk({ path }: SmallDisk, pid: number | undefined): Promise<OpenDisk> {
  const there = `/proc/${pid}/root${path}`;
  await expect.poll(() => statfsSync(there).type, { timeout: 10_000 }).toBe(TMPFS_MAGIC);
  // Whoever has it open keeps a file system that is mounted nowhere.
  const held = await open(there);
  const here = `/proc/self/fd/${held.fd}`;
  return {
    path: here,
    fill: () => {
      const { bavail, bsize } = statfsSync(here);
      try {
        writeFileSync(join(here, 'filler'), Buffer.alloc(bavail * bsize, 1));
      } catch (error) {
        // The command has taken some of it meanwhile.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    },
    names: () => readdirSync(here),
    [Symbol.asyncDispose]: () => held.close(),
  };
}
