// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { InterruptedError } from '../errors.ts';
import { runInThread } from './run-in-thread.ts';

const module = new URL('testing/thread-sample.ts', import.meta.url).href;
const { signal } = new AbortController();

it('calls a function of a TypeScript module', async () => {
  const call = { module, name: 'doubled', argument: new Uint8Array([1, 2, 3]) };
  expect(await runInThread(call, signal)).toEqual(new Uint8Array([2, 4, 6]));
});

it('rejects with what the function throws', async () => {
  const call = { module, name: 'doubled', argument: new Uint8Array() };
  await expect(runInThread(call, signal)).rejects.toThrow('expected bytes, found none');
});

it('calls again after a function threw', async () => {
  const call = (argument: Uint8Array): Promise<unknown> =>
    runInThread({ module, name: 'doubled', argument }, signal);
  await expect(call(new Uint8Array())).rejects.toThrow('expected bytes, found none');
  expect(await call(new Uint8Array([4]))).toEqual(new Uint8Array([8]));
});

it('runs calls side by side', async () => {
  const calls = [1, 2, 3].map((byte) =>
    runInThread({ module, name: 'doubled', argument: new Uint8Array([byte]) }, signal),
  );
  expect(await Promise.all(calls)).toEqual([2, 4, 6].map((byte) => new Uint8Array([byte])));
});

it('ends with the signal, whatever the function does', async () => {
  const abort = new AbortController();
  const running = runInThread({ module, name: 'forever', argument: null }, abort.signal);
  setTimeout(() => {
    abort.abort();
  }, 300);
  await expect(running).rejects.toThrow(InterruptedError);
});
