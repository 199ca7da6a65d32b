// SPDX-License-Identifier: MIT
/** What is in the cache, and which of it goes when it is too large. */
import { type Dirent, existsSync } from 'node:fs';
import { readdir, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fromSystemError } from '../errors.ts';
import { removeUnused, usedAt } from './cache-use.ts';
import { runCommand } from './owned-process.ts';
import { sweepUnfinished } from './unfinished.ts';

/** One folder of the cache: what can be removed without the rest. */
export interface CacheEntry {
  /** The folder of the cache that it is in, such as `kernels`. */
  readonly area: string;
  readonly path: string;
  /** What it takes of the disk, bytes; without the entries in it. */
  readonly bytes: number;
  /** When it was used last, ms since 1970. */
  readonly usedMs: number;
}

/** Folders of objects within an unpacked source or a git tree: each config has one, and one goes without the others. */
const OBJECTS = /^(?:objects|built)-[0-9a-f]+$/;

/** The entries of the cache, the least recently used first. Throws `HostError` if it cannot be read. */
export async function listEntries(cacheDir: string, signal: AbortSignal): Promise<CacheEntry[]> {
  if (!existsSync(cacheDir)) return [];
  try {
    const entries: Omit<CacheEntry, 'bytes'>[] = [];
    for (const area of await subfolders(cacheDir)) {
      for (const path of await subfolders(area)) {
        entries.push(...(await entriesOf(path, basename(area))));
      }
    }
    const sizes = await sizesOf(
      entries.map(({ path }) => path),
      signal,
    );
    return entries
      .map((entry) => ({ ...entry, bytes: sizes.get(entry.path) ?? 0 }))
      .toSorted((one, other) => one.usedMs - other.usedMs);
  } catch (error) {
    throw fromSystemError(error, `read the cache ${cacheDir}`);
  }
}

/** A folder of an area, behind the folders of objects in it: it goes after them. */
async function entriesOf(path: string, area: string): Promise<Omit<CacheEntry, 'bytes'>[]> {
  const inner = (await subfolders(path)).filter((one) => OBJECTS.test(basename(one)));
  const times = await Promise.all([...inner, path].map(usedAt));
  const newest = Math.max(...times);
  return [...inner, path].map((one, at) => ({
    area,
    path: one,
    usedMs: one === path ? newest : (times[at] ?? newest),
  }));
}

async function subfolders(folder: string): Promise<string[]> {
  const isEntry = (one: Dirent): boolean => one.isDirectory() && !one.name.startsWith('.');
  const all = await readdir(folder, { withFileTypes: true });
  return all.filter(isEntry).map(({ name }) => join(folder, name));
}

/** What each of these folders takes; what is in one that is named before is not counted again. */
async function sizesOf(
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, number>> {
  if (paths.length === 0) return new Map();
  // Another program may remove an entry meanwhile: what is gone has no line.
  const args = ['du', '--summarize', '--block-size=1', '--null', '--', ...paths];
  const text = await runCommand(args, { signal, okExitCodes: [0, 1] });
  const rows = text.split('\0').flatMap((row) => {
    const [, bytes, path] = /^(\d+)\t(.+)$/s.exec(row) ?? [];
    return path === undefined ? [] : [[path, Number(bytes)] as const];
  });
  return new Map(rows);
}

/** Without another limit, bytes: this, or a tenth of what the disk has for the cache. */
const LIMIT = 20e9;
const SHARE_OF_DISK = 0.1;

/** How large the cache may grow unless the user says, bytes: `LIMIT`, or its share of a small disk. */
export async function standardLimit(cacheDir: string, cached: number): Promise<number> {
  const { bavail, bsize } = await statfs(cacheDir);
  return Math.min(LIMIT, SHARE_OF_DISK * (bavail * bsize + cached));
}

/** The bytes of all entries. */
export function totalBytes(entries: readonly CacheEntry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** What was removed, and what is left. */
export interface Trimmed {
  readonly removed: readonly CacheEntry[];
  readonly left: readonly CacheEntry[];
}

/**
 * Removes entries in the given order until the rest takes no more than `limit` bytes; one that a program uses or makes
 * stays. Throws `HostError` if one cannot be removed.
 */
export async function trimEntries(
  entries: readonly CacheEntry[],
  limit: number,
  signal: AbortSignal,
): Promise<Trimmed> {
  const removed: CacheEntry[] = [];
  let bytes = totalBytes(entries);
  try {
    for (const place of new Set(entries.map(({ path }) => dirname(path)))) {
      await sweepUnfinished(place);
    }
    for (const entry of entries) {
      if (bytes <= limit) break;
      if (!(await removeUnused(entry.path, signal))) continue;
      removed.push(entry);
      bytes -= entry.bytes;
    }
  } catch (error) {
    throw fromSystemError(error, 'remove an entry of the cache');
  }
  return { removed, left: entries.filter((entry) => !removed.includes(entry)) };
}
