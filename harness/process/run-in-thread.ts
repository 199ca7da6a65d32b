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

/**
 * Calls a function in a thread of its own, so that work at memory speed keeps no machine waiting. Rejects with what the
 * function throws, of which a thread can send no more than the message; with `InterruptedError` when the signal fires.
 */
export function runInThread<T>(call: ThreadCall, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const worker = new Worker(new URL('thread-start.mjs', import.meta.url), { workerData: call });
    const stop = (): void => {
      void worker.terminate();
      reject(new InterruptedError(`Interrupted in ${call.name}`, { cause: signal.reason }));
    };
    worker.on('message', (value: T) => {
      resolve(value);
    });
    worker.on('error', reject);
    worker.on('exit', () => {
      signal.removeEventListener('abort', stop);
      reject(new Error(`${call.name} ended its thread without a result`));
    });
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
