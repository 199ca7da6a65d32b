// SPDX-License-Identifier: MIT
import { setTimeout as delay } from 'node:timers/promises';
import { HostError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { ArtifactStore } from '../../queue/folder-store.ts';

/** Between two tries to store a bundle where the store has no room, ms; the last is repeated. */
const TRIES_MS = [1000, 2000, 5000, 10_000] as const;

/** How long a store may have no room, ms: then the cell is unjudged, and others go on. */
const PATIENCE_MS = 10 * 60_000;

/** Stores a bundle; waits for a store that is full, or away. Throws `HostError` after ten minutes. */
export async function putPatiently(
  path: string,
  { store, log }: { readonly store: Pick<ArtifactStore, 'put'>; readonly log: Log },
  signal: AbortSignal,
): Promise<string> {
  const until = performance.now() + PATIENCE_MS;
  for (let nr = 0; ; nr += 1) {
    try {
      return await store.put(path, signal);
    } catch (error) {
      if (!(error instanceof HostError) || signal.aborted || performance.now() > until) throw error;
      if (nr === 0) log.warn(`${error.message}; trying again`);
    }
    await delay(TRIES_MS[Math.min(nr, TRIES_MS.length - 1)], undefined, { signal });
  }
}
