// SPDX-License-Identifier: MIT
/** Entries of the cache that an older sub1m made, which noted nothing: to make them anew can take hours. */
import { lstat, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { messageOf } from '../errors.ts';
import { SEAL, sealFolder } from './cache-seal.ts';

/**
 * What is wrong with an entry that was not sealed, in words; null if it looks whole. May write what an older sub1m left
 * out.
 */
export type Adopt = (folder: string) => Promise<string | null>;

/** Whether there is a folder without a seal. */
export async function isUnsealed(folder: string): Promise<boolean> {
  const info = await lstat(folder).catch(() => undefined);
  if (!info?.isDirectory()) return false;
  return (await lstat(join(folder, SEAL)).catch(() => undefined)) === undefined;
}

/** Seals an entry if it looks whole; else gives what is wrong with it, in words. The caller holds its lock. */
export async function adoptEntry(
  folder: string,
  adopt: Adopt,
  options: Parameters<typeof sealFolder>[1],
): Promise<string | null> {
  const fault = await adopt(folder).catch(messageOf);
  if (fault === null) await sealFolder(folder, options);
  return fault;
}

/** Adopts what has files, and no empty one: a power cut leaves those. */
export async function adoptFiles(folder: string): Promise<string | null> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  for (const { parentPath, name } of files) {
    const path = join(parentPath, name);
    if ((await lstat(path)).size === 0) return `${relative(folder, path)} is empty`;
  }
  return files.length > 0 ? null : 'expected files, found none';
}
