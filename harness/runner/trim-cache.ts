// SPDX-License-Identifier: MIT
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import {
  type CacheEntry,
  listEntries,
  standardLimit,
  totalBytes,
  trimEntries,
} from '../process/cache-entries.ts';
import { hasMadeEntries } from '../process/cache.ts';

/** A cache, and how large it may grow, bytes; undefined for the standard limit. */
export interface LimitedCache {
  readonly cacheDir: string;
  readonly cacheLimit: number | undefined;
}

/** What is in the cache, and how large it may grow, bytes. */
export async function readCache(
  { cacheDir, cacheLimit }: LimitedCache,
  signal: AbortSignal,
): Promise<{ readonly entries: readonly CacheEntry[]; readonly limit: number }> {
  const entries = await listEntries(cacheDir, signal);
  const limit = cacheLimit ?? (await standardLimit(cacheDir, totalBytes(entries)));
  return { entries, limit };
}

/** Removes what was used least recently, if this program made the cache too large. What fails is only said. */
export async function trimGrownCache(
  cache: LimitedCache,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Log },
): Promise<void> {
  if (!hasMadeEntries()) return;
  try {
    const { entries, limit } = await readCache(cache, signal);
    const { removed } = await trimEntries(entries, limit, signal);
    if (removed.length === 0) return;
    const [size, most] = [totalBytes(removed), limit].map((bytes) => (bytes / 1e9).toFixed(1));
    log.info(
      `cache: removed ${size} GB that was not used for longest, to keep within ${most} GB; ` +
        '"sub1m cache" shows the rest',
    );
  } catch (error) {
    if (!signal.aborted) log.warn(`cache: not made smaller: ${messageOf(error)}`);
  }
}
