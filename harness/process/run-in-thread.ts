// SPDX-License-Identifier: MIT
import { Worker } from 'node:worker_threads';
import { InterruptedError } from '../errors.ts';

/** An exported function of a module of ours, by name; what it is given and gives can be sent to a thread. */
interface ThreadCall {
  /** URL of the module. */
  readonly module: string;
  readonly name: string;
  readonly argument: unknown;
}

/** What a thread answers: what the function gave, or what it threw. */
type ThreadAnswer<T> = { readonly value: T } | { readonly error: Error };

/** Threads that wait for their next call: to start one takes longer than most calls. They keep no program alive. */
const idle: Worker[] = [];

/** Has a thread ready for the next call. */
export function readyThread(): void {
  if (idle.length === 0) idle.push(startThread());
}

function startThread(): Worker {
  const worker = new Worker(new URL('thread-start.mjs', import.meta.url));
  worker.unref();
  return worker;
}

/**
 * Calls a function in a thread of its own, so that work at memory speed keeps no machine waiting. Rejects with what the
 * function throws, of which a thread can send no more than the message; with `InterruptedError` when the signal fires.
 */
export function runInThread<T>(call: ThreadCall, signal: AbortSignal): Promise<T> {
  const worker = idle.pop() ?? startThread();
  worker.ref();
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => {
      void worker.terminate();
      reject(new InterruptedError(`Interrupted in ${call.name}`, { cause: signal.reason }));
    };
    const lost = (): void => {
      reject(new Error(`${call.name} ended its thread without a result`));
    };
    worker.once('error', reject);
    worker.once('exit', lost);
    worker.once('message', (answer: ThreadAnswer<T>) => {
      signal.removeEventListener('abort', stop);
      worker.off('error', reject).off('exit', lost).unref();
      idle.push(worker);
      if ('value' in answer) resolve(answer.value);
      else reject(answer.error);
    });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows of a browser
    worker.postMessage(call);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
