// SPDX-License-Identifier: MIT
import { lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DamagedObjectError, ProcessError } from '../errors.ts';
import type { Log } from '../log.ts';
import { counted } from '../memory/counted.ts';
import { sayDamaged } from '../process/cache.ts';
import { mendObjects } from './mend-objects.ts';

/** In a folder of objects while something is built there: says since which start of the host. */
const BUILDING = 'sub1m-building';

/** Another one after each start of the host. */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/**
 * Builds in a folder of objects, which `compile` finds made. After a build that was killed, what it may have left
 * half-written is removed, since make takes it for whole. It begins with an empty folder if the host was started since,
 * and once more if an object of an earlier build cannot be read. The caller holds the folder's lock. Throws what
 * `compile` throws.
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
  if (await isThere(note)) {
    const removed = counted(await mendObjects(folder, note), 'file');
    log.info(`a build in ${folder} was killed: going on without the last ${removed}`);
  }
  await writeFile(note, await bootId(), { flush: true });
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

/** Whether no build in a folder of objects was killed. */
export async function isUndisturbed(folder: string): Promise<boolean> {
  return !(await isThere(join(folder, BUILDING)));
}

async function damageOf(folder: string): Promise<string | null> {
  const info = await lstat(folder).catch(() => undefined);
  if (info && !info.isDirectory()) return 'expected a folder, found something else';
  if (await isUndisturbed(folder)) return null;
  const since = await readFile(join(folder, BUILDING), 'utf8').catch(() => '');
  return since === (await bootId()) ? null : 'a build in it was killed, perhaps with the host';
}

function bootId(): Promise<string> {
  return readFile(BOOT_ID, 'utf8');
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
