// SPDX-License-Identifier: MIT
import { lstat, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DamagedObjectError, ProcessError } from '../errors.ts';
import type { Log } from '../log.ts';
import { sayDamaged } from '../process/cache.ts';

/** In a folder of objects while something is built there. */
const BUILDING = 'sub1m-building';

/**
 * Builds in a folder of objects, which `compile` finds made. It begins with an empty one if a build in it was killed,
 * since make takes what that left half-written for whole; and once more if an object of an earlier build cannot be read.
 * The caller holds the folder's lock. Throws what `compile` throws.
 */
export async function inObjectFolder<T>(
  folder: string,
  compile: () => Promise<T>,
  log: Log,
): Promise<T> {
  const damage = await damageOf(folder);
  if (damage !== null) await rm(folder, { recursive: true, force: true });
  const isNew = !(await isThere(folder));
  await mkdir(folder, { recursive: true });
  if (damage !== null) sayDamaged(log, folder, damage);
  const note = join(folder, BUILDING);
  await writeFile(note, '', { flush: true });
  try {
    const compiled = await compile();
    await rm(note);
    return compiled;
  } catch (error) {
    if (error instanceof DamagedObjectError && !isNew) {
      await rm(folder, { recursive: true });
      sayDamaged(log, folder, error.message);
      return inObjectFolder(folder, compile, log);
    }
    // A make that ended by itself has removed what it had half-written; one that was killed has not.
    if (!(error instanceof ProcessError)) await rm(note, { force: true });
    throw error;
  }
}

async function damageOf(folder: string): Promise<string | null> {
  const info = await lstat(folder).catch(() => undefined);
  if (info && !info.isDirectory()) return 'expected a folder, found something else';
  return (await isThere(join(folder, BUILDING))) ? 'a build in it was killed' : null;
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
