// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { InterruptedError } from '../errors.ts';
import { runCommand } from './owned-process.ts';
import { runInThread } from './run-in-thread.ts';
import { sampleErrors } from './testing/thread-sample.ts';

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

it.each(Object.entries(sampleErrors()))(
  'rejects with %s of the class and the fields that it has in the thread',
  async (which, thrown) => {
    const call = { module, name: 'throwing', argument: which };
    const caught: unknown = await runInThread(call, signal).catch((error: unknown) => error);
    expect(caught).toBeInstanceOf(thrown.constructor);
    expect(caught).toStrictEqual(thrown);
    expect(Object.entries(caught as Error)).toEqual(Object.entries(thrown));
    expect((caught as Error).name).toBe(thrown.name);
    expect((caught as Error).stack).toContain('thread-sample.ts');
  },
);

it('rejects with what is no error', async () => {
  const call = { module, name: 'throwing', argument: 'words' };
  await expect(runInThread(call, signal)).rejects.toThrow('just words');
});

it('rejects when the thread ends itself or cannot answer, and starts another for the next call', async () => {
  const call = (name: string): Promise<unknown> =>
    runInThread({ module, name, argument: new Uint8Array([1]) }, signal);
  await expect(call('gone')).rejects.toThrow('gone ended its thread without a result');
  await expect(call('unsendable')).rejects.toThrow('could not be cloned');
  expect(await call('doubled')).toEqual(new Uint8Array([2]));
});

it('blames the host when a thread runs out of memory', async () => {
  const [source = '', typescript = ''] = ['run-in-thread.ts', 'typescript.mjs'].map(
    (name) => new URL(name, import.meta.url).href,
  );
  const main = `import(${JSON.stringify(source)})
    .then(({ runInThread }) => runInThread(${JSON.stringify({ module, name: 'greedy' })}, AbortSignal.any([])))
    .catch((error) => console.log(error.code, error.message));`;
  const node = [process.execPath, '--max-old-space-size=60', '--import', typescript];
  const said = await runCommand([...node, '--eval', main], { signal });
  expect(said).toMatch(/^E_HOST Cannot run greedy in a thread: .*memory/);
});

it('refuses an argument that cannot be sent', async () => {
  const call = { module, name: 'doubled', argument: () => {} };
  await expect(runInThread(call, signal)).rejects.toThrow('could not be cloned');
});

it('forgets a thread that ends while it waits, whatever ends it', async () => {
  const call = (name: string): Promise<unknown> =>
    runInThread({ module, name, argument: new Uint8Array([3]) }, signal);
  // Which of the two is heard first is the host's affair.
  expect(['for now', 'Error: later']).toContain(await call('thrownLater').catch(String));
  // A call may still meet the thread that ends; none may wait for one that has ended.
  await expect.poll(() => call('doubled').catch(String)).toEqual(new Uint8Array([6]));
});
