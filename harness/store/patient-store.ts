// SPDX-License-Identifier: MIT
import { setTimeout as delay } from 'node:timers/promises';
import { HostError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ArtifactStore } from './artifact-store.ts';

/** Between two tries where the store has no room, or is away, ms; the last is repeated. */
const WAITS_MS = [1000, 2000, 5000, 10_000] as const;

/** How long a store is waited for, ms: then the cell that needs it is unjudged, and others go on. */
const PATIENCE_MS = 10 * 60_000;

/** A store that waits for one that is full, or away: what needs it throws `HostError` only after ten minutes of waiting. */
export function patientStore(store: ArtifactStore, log: Log): ArtifactStore {
  return {
    put: (path, signal) => patiently(() => store.put(path, signal), { log, signal }),
    get: (sha256, to, signal) => patiently(() => store.get(sha256, to, signal), { log, signal }),
    remove: (sha256) => store.remove(sha256),
  };
}

async function patiently<T>(
  work: () => Promise<T>,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<T> {
  // Only waits count: a transfer that is cut again and again gets on.
  let waited = 0;
  for (let nr = 0; ; nr += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof HostError) || signal.aborted || waited >= PATIENCE_MS) throw error;
      if (nr === 0) log.warn(`${error.message}; trying again`);
    }
    const ms = WAITS_MS[Math.min(nr, WAITS_MS.length - 1)] ?? 0;
    waited += ms;
    await delay(ms, undefined, { signal });
  }
}
