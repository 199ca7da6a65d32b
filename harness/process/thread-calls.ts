// SPDX-License-Identifier: MIT
/** What a thread of `runInThread()` runs: it answers one call after another, and loads a module that comes alone. */
import { parentPort } from 'node:worker_threads';
import type { ThreadAnswer, ThreadCall } from './run-in-thread.ts';

type Functions = Readonly<Record<string, (argument: unknown) => unknown>>;

parentPort?.on('message', (call: ThreadCall | Pick<ThreadCall, 'module'>) => {
  void answer(call).then((said) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows of a browser
    if ('name' in call) parentPort?.postMessage(said);
  });
});

async function answer(call: Partial<ThreadCall>): Promise<ThreadAnswer<unknown>> {
  const { module = '', name, argument } = call;
  try {
    const functions = (await import(module)) as Functions;
    return { value: name === undefined ? undefined : await functions[name]?.(argument) };
  } catch (error) {
    return { error: error as Error };
  }
}
