// SPDX-License-Identifier: MIT
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { InterruptedError, fromSystemError } from '../errors.ts';
import { IS_COMPILED, projectPath } from '../project-root.ts';
import { type SentError, receivedError } from './thread-error.ts';

/** An exported function of a module of ours, by name; what it is given and gives can be sent to a thread. */
export interface ThreadCall {
  /** URL of the module: see `threadModule()`. */
  readonly module: string;
  readonly name: string;
  readonly argument: unknown;
}

/** What a thread answers: what the function gave, or what it threw. */
export type ThreadAnswer<T> = { readonly value: T } | { readonly error: SentError };

/** A thread, and the module that it called last: it need not load it again. */
interface Thread {
  readonly worker: Worker;
  readonly module: string;
}

/** Threads that wait for their next call: to start one takes longer than most calls. They keep no program alive. */
const idle: Thread[] = [];
const readied = new Set<string>();

/**
 * The URL of a module whose functions are called in threads, by its path in `harness/`. `scripts/build.mjs` looks for
 * these calls: such a module is compiled into a file of its own, `name` being a literal.
 */
export function threadModule(name: string): string {
  return pathToFileURL(projectPath(IS_COMPILED ? `dist/${name}.js` : `harness/${name}.ts`)).href;
}

/** Has a thread ready that has loaded a module, for the first call of it. */
export function readyThread(module: string): void {
  if (readied.has(module)) return;
  readied.add(module);
  const worker = startThread();
  post(worker, { module });
  idle.push({ worker, module });
}

function startThread(): Worker {
  const compiled = threadModule('process/thread-calls');
  const worker = new Worker(new URL(IS_COMPILED ? compiled : 'thread-start.mjs', import.meta.url));
  // One that ends while it waits for a call, for want of memory for instance, has failed nobody.
  worker.on('error', () => {
    forget(worker);
  });
  worker.on('exit', () => {
    forget(worker);
  });
  worker.unref();
  return worker;
}

function forget(worker: Worker): void {
  const found = idle.findIndex((thread) => thread.worker === worker);
  if (found !== -1) idle.splice(found, 1);
}

/** A thread that has loaded the module, else any, else a new one. */
function takeThread(module: string): Worker {
  const found = idle.findIndex((thread) => thread.module === module);
  const [thread] = idle.splice(found, 1);
  return thread?.worker ?? startThread();
}

function post(worker: Worker, call: Partial<ThreadCall>): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows of a browser
  worker.postMessage(call);
}

/**
 * Calls a function in a thread of its own, so that work at memory speed keeps no machine waiting. Rejects with what the
 * function throws, of the same class and with the same fields; with `InterruptedError` when the signal fires; with
 * `HostError` when the thread runs out of memory.
 */
export function runInThread<T>(call: ThreadCall, signal: AbortSignal): Promise<T> {
  const worker = takeThread(call.module);
  worker.ref();
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => {
      void worker.terminate();
      reject(new InterruptedError(`Interrupted in ${call.name}`, { cause: signal.reason }));
    };
    const lost = (): void => {
      signal.removeEventListener('abort', stop);
      reject(new Error(`${call.name} ended its thread without a result`));
    };
    const failed = (error: Error): void => {
      signal.removeEventListener('abort', stop);
      reject(fromSystemError(error, `run ${call.name} in a thread`));
    };
    worker.once('error', failed);
    worker.once('exit', lost);
    worker.once('message', (answer: ThreadAnswer<T>) => {
      signal.removeEventListener('abort', stop);
      worker.off('error', failed).off('exit', lost).unref();
      idle.push({ worker, module: call.module });
      if ('value' in answer) resolve(answer.value);
      else reject(receivedError(answer.error));
    });
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    try {
      post(worker, call);
    } catch (error) {
      // An argument that cannot be sent is a bug of ours; its thread must not keep the program alive.
      void worker.terminate();
      throw error;
    }
  });
}
