// SPDX-License-Identifier: MIT
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { InterruptedError, UsageError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { CleanupStack } from '../../process/cleanup-stack.ts';
import { withDeadline } from '../../process/deadline.ts';
import { FileLock } from '../../process/file-lock.ts';
import { type Answer, type KcidbServer, postDocument } from './kcidb-server.ts';
import type { Spool } from './spool.ts';

/** How long a server may take for one document, ms: kci-dev gives it as much. */
const REQUEST_MS = 60_000;

/** After the first attempt, then twice as long each time, at most the second; ms. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [1000, 30_000];

export interface SubmitOptions {
  readonly signal: AbortSignal;
  readonly log: Log;
  /** How long to try in all, ms. */
  readonly limitMs: number;
  /** The pause after the first attempt, ms. */
  readonly firstPauseMs?: number;
}

/** What became of the documents of a spool. */
export interface Submitted {
  readonly sent: number;
  /** The paths of those that the server will never take. */
  readonly rejected: readonly string[];
  /** How many wait for the next time, and what the server said last; null if none does. */
  readonly left: { readonly count: number; readonly why: string } | null;
}

/**
 * Gives the documents of a spool to a server, the oldest first. A server that is out of order is asked again, with
 * pauses, until the time is over; what it has not taken stays. Throws `UsageError` if it takes nothing from us,
 * `InterruptedError` if `signal` fires, and `DeadlineError` if another sub1m submits all the time: nothing is lost.
 */
export async function submitDocuments(
  spool: Spool,
  server: KcidbServer,
  options: SubmitOptions,
): Promise<Submitted> {
  const { signal, log, limitMs } = options;
  const endsAt = performance.now() + limitMs;
  const wait = { budgetMs: limitMs, signal };
  await using held = new CleanupStack();
  const onWait = (): void => {
    log.info('waiting for another sub1m, which submits');
  };
  const lock = await withDeadline('another sub1m, which submits', wait, (waiting) =>
    FileLock.acquire(join(spool.folder, '.lock'), { signal: waiting, onWait }),
  );
  held.use(lock);
  const rejected: string[] = [];
  let sent = 0;
  const names = await spool.names();
  for (const [nr, name] of names.entries()) {
    const { kind, why } = await offer(name, { spool, server, endsAt, options });
    if (kind === 'later') return { sent, rejected, left: { count: names.length - nr, why } };
    if (kind === 'denied') throw denied(server, why);
    if (kind === 'refused') {
      rejected.push(await spool.reject(name, why));
      log.warn(`${server.host} refuses ${name}: ${why}`);
      continue;
    }
    await spool.remove(name);
    sent++;
    log.debug(`${server.host} has taken ${name}: ${why}`);
  }
  return { sent, rejected, left: null };
}

interface Offer {
  readonly spool: Spool;
  readonly server: KcidbServer;
  /** By `performance.now()`. */
  readonly endsAt: number;
  readonly options: SubmitOptions;
}

/** Offers a document until the server says yes or no, or the time is over. */
async function offer(name: string, { spool, server, endsAt, options }: Offer): Promise<Answer> {
  const { signal, log, firstPauseMs = FIRST_PAUSE_MS } = options;
  const document = await spool.read(name);
  if (document === null) return { kind: 'refused', why: 'It is larger than a server takes' };
  let answer: Answer = { kind: 'later', why: 'no time was left' };
  for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const leftMs = Math.ceil(endsAt - performance.now());
    if (leftMs <= 0) return answer;
    const timeoutMs = Math.min(leftMs, REQUEST_MS);
    answer = await postDocument(server, document, { timeoutMs, signal });
    stopIfInterrupted(signal, server);
    if (answer.kind !== 'later' || endsAt - performance.now() <= pause) return answer;
    log.info(`${server.host}: ${answer.why}; trying again in ${pause / 1000} s`);
    await delay(pause, undefined, { signal }).catch(() => {});
    stopIfInterrupted(signal, server);
  }
}

function stopIfInterrupted({ aborted, reason }: AbortSignal, { host }: KcidbServer): void {
  if (aborted)
    throw new InterruptedError(`Interrupted while submitting to ${host}`, { cause: reason });
}

function denied({ host }: KcidbServer, why: string): UsageError {
  return new UsageError(
    `Cannot submit to ${host}: ${why}; are host and token in KCIDB_REST right? The documents are kept`,
  );
}
