// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import { access, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';

const building = new Map<string, Promise<string>>();

/**
 * The folder `path` of the cache, made by `build` unless it is there and `isSound`. `build` fills a folder of its own
 * beside it, which then takes the final name at once: a half-built entry is never seen, and if two programs build
 * the same entry, one wins and the other's copy is dropped.
 */
export function cachedFolder(
  path: string,
  build: (folder: string) => Promise<void>,
  isSound: (folder: string) => Promise<boolean> = exists,
): Promise<string> {
  const underWay =
    building.get(path) ?? buildFolder(path, build, isSound).finally(() => building.delete(path));
  building.set(path, underWay);
  return underWay;
}

/** What a JSON file of the cache holds; undefined if it is missing or damaged: the caller makes it again. */
export async function readCachedJson<T>(
  path: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

async function buildFolder(
  path: string,
  build: (folder: string) => Promise<void>,
  isSound: (folder: string) => Promise<boolean>,
): Promise<string> {
  if (await isSound(path)) return path;
  await mkdir(dirname(path), { recursive: true });
  await sweepUnfinished(dirname(path));
  const unfinished = join(dirname(path), `.unfinished-${process.pid}-${randomUUID()}`);
  try {
    await mkdir(unfinished);
    await build(unfinished);
    if (!(await isSound(path))) await rm(path, { recursive: true, force: true });
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!(await isSound(path))) throw error;
  }
  return path;
}

/** Removes what programs that were killed while building left behind. */
async function sweepUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /^\.unfinished-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !(await exists(`/proc/${pid}`))) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
