// SPDX-License-Identifier: MIT
import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError, InterruptedError } from '../errors.ts';

/**
 * Waits for `work`, at most `budgetMs`. `what` completes the sentence "Waited … for". Throws `DeadlineError` when the
 * budget is used up and `InterruptedError` when `signal` fires; either way the signal that `work` got is aborted.
 */
export async function withDeadline<T>(
  what: string,
  { budgetMs, signal }: { readonly budgetMs: number; readonly signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const timeout = (async (): Promise<never> => {
    await ownTime(budgetMs, either);
    throw new DeadlineError(what, budgetMs);
  })();
  const interrupted = rejectedOnAbort(signal, () => interruption(signal, what));
  // The loser of the race ends through `either`; its rejection is no news.
  for (const loser of [timeout, interrupted.promise]) loser.catch(() => {});
  try {
    return await Promise.race([work(either), timeout, interrupted.promise]);
  } catch (error) {
    if (signal.aborted && !(error instanceof InterruptedError)) throw interruption(signal, what);
    throw error;
  } finally {
    interrupted.stop();
    over.abort();
  }
}

/** A part of a budget, in ms; one that takes longer counts no more, see `ownTime`. */
const SLICE_MS = 1000;

/**
 * Waits for so many ms in which this process could run. While it was stopped (Ctrl-Z, a host that slept), it heard
 * nothing of what came: that is still to be read, and is no silence of anybody else.
 */
async function ownTime(budgetMs: number, signal: AbortSignal): Promise<void> {
  for (let left = budgetMs; left > 0; left -= SLICE_MS) {
    await delay(Math.min(left, SLICE_MS), undefined, { signal });
  }
}

/** A promise that rejects when `signal` fires, and what ends the wait for that. */
export function rejectedOnAbort(
  signal: AbortSignal,
  errorOf: () => Error,
): { readonly promise: Promise<never>; readonly stop: () => void } {
  let stop = (): void => {};
  const promise = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => {
      reject(errorOf());
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    stop = () => {
      signal.removeEventListener('abort', onAbort);
    };
  });
  return { promise, stop };
}

function interruption(signal: AbortSignal, what: string): InterruptedError {
  return new InterruptedError(`Interrupted while waiting for ${what}`, { cause: signal.reason });
}
