// SPDX-License-Identifier: MIT
import type { Stats } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * How long before the last sign of a build a file may have been written and still be half-written, ms: no tool of a
 * kernel build pauses so long while it writes.
 */
const IN_FLIGHT_MS = 120_000;

/** What kconfig writes whole, by renaming; without it make would compile everything again. */
const WHOLE_FOLDER = 'include/config';

/**
 * Removes what a build that was killed may have left half-written in a folder of objects, but not the file `kept`; make
 * then makes it again. Kbuild writes `.<file>.cmd` when it is done with `<file>`: a file newer than that is not whole,
 * however old it is. All else is whole if it was written long before the newest file. Gives the number of files removed.
 * Only for a host that has run since: one that crashed may have lost what was in older files.
 */
export async function mendObjects(folder: string, kept: string): Promise<number> {
  const files = await filesBelow(folder);
  const newest = Math.max(...[...files.values()].map(({ mtimeMs }) => mtimeMs));
  const whole = join(folder, WHOLE_FOLDER);
  let removed = 0;
  for (const [path, { mtimeMs }] of files) {
    if (path === kept || path.startsWith(`${whole}/`)) continue;
    const done = files.get(join(dirname(path), `.${basename(path)}.cmd`))?.mtimeMs ?? mtimeMs;
    if (mtimeMs <= done && mtimeMs < newest - IN_FLIGHT_MS) continue;
    await rm(path);
    removed++;
  }
  return removed;
}

async function filesBelow(folder: string): Promise<Map<string, Stats>> {
  const files = new Map<string, Stats>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path, await lstat(path));
  }
  return files;
}
