// SPDX-License-Identifier: MIT
/** Entries of the cache that are half made or half removed: they have the name of the program that is at it. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A name beside entries of the cache for one that is being made or removed. */
export function unfinishedIn(place: string): string {
  return join(place, `.unfinished-${process.pid}-${randomUUID()}`);
}

/** Removes what programs that were killed left behind there. */
export async function sweepUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /^\.unfinished-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}
