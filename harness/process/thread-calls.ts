// SPDX-License-Identifier: MIT
/** What a thread of `runInThread()` runs: it answers one call after another, and loads a module that comes alone. */
import { parentPort } from 'node:worker_threads';
import type { ThreadAnswer, ThreadCall } from './run-in-thread.ts';
import { sendableError } from './thread-error.ts';

type Functions = Readonly<Record<string, (argument: unknown) => unknown>>;

parentPort?.on('message', (call: ThreadCall | Pick<ThreadCall, 'module'>) => {
  void answer(call).then((said) => {
    if ('name' in call) send(said);
  });
});

function send(said: ThreadAnswer<unknown>): void {
  try {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows of a browser
    parentPort?.postMessage(said);
  } catch (error) {
    send({ error: sendableError(error) });
  }
}

async function answer(call: Partial<ThreadCall>): Promise<ThreadAnswer<unknown>> {
  const { module = '', name, argument } = call;
  try {
    const functions = (await import(module)) as Functions;
    return { value: name === undefined ? undefined : await functions[name]?.(argument) };
  } catch (error) {
    return { error: sendableError(error) };
  }
}
