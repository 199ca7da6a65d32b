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
import { renderBytes } from '../report/cache-report.ts';

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

/** Removes what was used least recently where the cache has become too large. What fails is only said. */
export async function trimGrownCache(
  cache: LimitedCache,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Log },
): Promise<void> {
  try {
    const { entries, limit } = await readCache(cache, signal);
    const { removed } = await trimEntries(entries, limit, signal);
    if (removed.length === 0) return;
    const [size, most] = [totalBytes(removed), limit].map(renderBytes);
    log.info(
      `cache: removed ${size} that was not used for longest, to keep within ${most}; ` +
        '"sub1m cache" shows the rest',
    );
  } catch (error) {
    if (!signal.aborted) log.warn(`cache: not made smaller: ${messageOf(error)}`);
  }
}
