// SPDX-License-Identifier: MIT
import { lstat, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { HostError, fromSystemError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Adopt, adoptEntry, isUnsealed } from './cache-adopt.ts';
import { noteMadeEntry } from './cache-growth.ts';
import { findDamage, sealFolder } from './cache-seal.ts';
import { noteUse } from './cache-use.ts';
import { CleanupStack } from './cleanup-stack.ts';
import { FileLock } from './file-lock.ts';
import { replaceFile } from './replace-file.ts';
import { syncPath, syncTree } from './sync-disk.ts';
import { sweepUnfinished, unfinishedIn } from './unfinished.ts';

/** How an entry of the cache is made and read. */
export interface CacheOptions {
  readonly signal: AbortSignal;
  readonly log: Log;
  /** What else is wrong with an entry that is as it was made, in words; null if nothing is. */
  readonly findFault?: (folder: string) => Promise<string | null>;
  /** Notes nothing of subfolders: they change, and `findFault` looks at them. */
  readonly topOnly?: boolean;
  /** Looks at an entry of an older sub1m, which noted nothing. Without it such an entry is made anew. */
  readonly adopt?: Adopt;
}

const building = new Map<string, Promise<string>>();

/**
 * The folder `path` of the cache, made by `build` unless it is there and undamaged: each of its files has the size and
 * the SHA-256 that were noted when it was made. A damaged one is made anew, once, and the log says so. One of an older
 * sub1m, which noted nothing, is noted now if it looks whole.
 *
 * `build` fills a folder of its own beside it, which takes the final name at once when all of it is on disk: a
 * half-built entry is never seen, and a second program waits. Throws what `build` throws, and `HostError` if the cache
 * cannot be written or is damaged again at once.
 */
export function cachedFolder(
  path: string,
  build: (folder: string) => Promise<void>,
  options: CacheOptions,
): Promise<string> {
  const underWay =
    building.get(path) ?? provide(path, build, options).finally(() => building.delete(path));
  building.set(path, underWay);
  return underWay;
}

/** Whether the cache has an entry that is as it was made; one of an older sub1m is noted as `cachedFolder()` does. */
export async function isReady(path: string, options: CacheOptions): Promise<boolean> {
  await noteUse(path, options.signal);
  if ((await faultOf(path, options)) === null) return true;
  if (options.adopt === undefined || !(await isUnsealed(path))) return false;
  try {
    await using held = new CleanupStack();
    held.use(await lockEntry(path, options));
    return (await settledFaultOf(path, options)) === null;
  } catch (error) {
    throw fromSystemError(error, `write ${path} in the cache`);
  }
}

/** What a JSON file of the cache holds; undefined if there is none, or if it is damaged: the caller makes it anew. */
export async function readCachedJson<T>(
  path: string,
  { schema, log }: { readonly schema: z.ZodType<T>; readonly log: Log },
): Promise<T | undefined> {
  const info = await lstat(path).catch(() => undefined);
  if (!info) return undefined;
  try {
    if (!info.isFile()) throw new Error('expected a file, found something else');
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    sayDamaged(log, path, messageOf(error));
    return undefined;
  }
}

/** Writes such a file. Throws `HostError` if it cannot. */
export async function writeCachedJson(path: string, value: unknown): Promise<void> {
  try {
    const info = await lstat(path).catch(() => undefined);
    if (info?.isDirectory()) await rm(path, { recursive: true });
    await replaceFile(path, `${JSON.stringify(value)}\n`);
  } catch (error) {
    throw fromSystemError(error, `write ${path} in the cache`);
  }
}

/** Says that something in the cache was damaged, in one line. */
export function sayDamaged(log: Log, path: string, how: string): void {
  log.warn(`cache: ${path} was damaged (${how.replaceAll(/\s+/g, ' ')}); made anew`);
}

async function provide(
  path: string,
  build: (folder: string) => Promise<void>,
  options: CacheOptions,
): Promise<string> {
  await noteUse(path, options.signal);
  if ((await faultOf(path, options)) === null) return path;
  try {
    await using held = new CleanupStack();
    held.use(await lockEntry(path, options));
    // Another program may have made it while we waited.
    const fault = await settledFaultOf(path, options);
    if (fault === null) return path;
    const wasThere = await isThere(path);
    await buildFolder(path, build, options);
    if (wasThere) sayDamaged(options.log, path, fault);
    const again = await faultOf(path, options);
    if (again === null) return path;
    throw new HostError(
      `Cannot use ${path}: made anew, and damaged again (${again}); is its disk sound?`,
    );
  } catch (error) {
    throw fromSystemError(error, `write ${path} in the cache`);
  }
}

async function faultOf(path: string, { findFault }: CacheOptions): Promise<string | null> {
  return (await findDamage(path)) ?? (await findFault?.(path)) ?? null;
}

/** The same, of an entry whose lock we hold: one of an older sub1m is noted first. */
async function settledFaultOf(path: string, options: CacheOptions): Promise<string | null> {
  const { adopt, log } = options;
  if (adopt !== undefined && (await isUnsealed(path))) {
    log.debug(`cache: ${path} is of an older sub1m: noting what it holds`);
    const fault = await adoptEntry(path, adopt, options);
    if (fault !== null) return fault;
  }
  return faultOf(path, options);
}

function lockEntry(path: string, { signal, log }: CacheOptions): Promise<FileLock> {
  const onWait = (): void => {
    log.info(`waiting for another sub1m, which is making ${path}`);
  };
  return FileLock.acquire(`${path}.lock`, { signal, onWait });
}

async function buildFolder(
  path: string,
  build: (folder: string) => Promise<void>,
  { signal, topOnly }: CacheOptions,
): Promise<void> {
  const place = dirname(path);
  await sweepUnfinished(place);
  const unfinished = unfinishedIn(place);
  const damaged = unfinishedIn(place);
  try {
    await mkdir(unfinished);
    await build(unfinished);
    await sealFolder(unfinished, topOnly === undefined ? {} : { topOnly });
    await syncTree(unfinished, signal);
    // Whoever has a file of it open keeps that.
    if (await isThere(path)) await rename(path, damaged);
    await rename(unfinished, path);
    noteMadeEntry();
    await syncPath(place);
  } finally {
    for (const left of [unfinished, damaged]) await rm(left, { recursive: true, force: true });
  }
}

/** Also true of a symlink that leads nowhere. */
async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
