// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { InterruptedError } from '../errors.ts';
import { FileLock } from './file-lock.ts';
import { runCommand } from './owned-process.ts';
import { type TempDir, makeTempDir } from './temp-dir.ts';

const { signal } = new AbortController();

let temp: TempDir;
let path: string;

beforeEach(async () => {
  temp = await makeTempDir();
  path = join(temp.path, 'locks/one');
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

const never = (): void => {
  throw new Error('waited');
};

it('is acquired at once if it is free, and again after its release', async () => {
  for (let round = 0; round < 2; round++) {
    await using lock = await FileLock.acquire(path, { signal, onWait: never });
    expect(lock.descriptor).toBeGreaterThan(2);
  }
});

it('makes a second one wait, and says so', async () => {
  const order: string[] = [];
  const first = await FileLock.acquire(path, { signal, onWait: never });
  let waits = (): void => {};
  const waiting = new Promise<void>((resolve) => {
    waits = resolve;
  });
  const second = (async () => {
    const lock = await FileLock.acquire(path, { signal, onWait: waits });
    order.push('second');
    await lock[Symbol.asyncDispose]();
  })();
  await waiting;
  order.push('first');
  await first[Symbol.asyncDispose]();
  await second;
  expect(order).toEqual(['first', 'second']);
});

it('stays for as long as a child that inherited it lives', async () => {
  const lock = await FileLock.acquire(path, { signal, onWait: never });
  const inherit = [lock.descriptor];
  const pid = await runCommand(['sh', '-c', 'sleep 60 >/dev/null 2>&1 & echo $!'], {
    signal,
    inherit,
  });
  await lock[Symbol.asyncDispose]();
  let waited = false;
  const onWait = (): void => {
    waited = true;
    process.kill(Number(pid));
  };
  const next = await FileLock.acquire(path, { signal, onWait });
  await next[Symbol.asyncDispose]();
  expect(waited).toBe(true);
});

it('is not waited for after an interrupt', async () => {
  const first = await FileLock.acquire(path, { signal, onWait: never });
  const controller = new AbortController();
  const second = FileLock.acquire(path, {
    signal: controller.signal,
    onWait: () => {
      controller.abort();
    },
  });
  await expect(second).rejects.toThrow(InterruptedError);
  await first[Symbol.asyncDispose]();
});

it('is tried without a wait, and shared by those who share', async () => {
  const shared = { signal, shared: true };
  await using first = await FileLock.tryAcquire(path, shared);
  await using second = await FileLock.acquire(path, { ...shared, onWait: never });
  expect([first, second]).not.toContain(null);
  expect(await FileLock.tryAcquire(path, { signal })).toBeNull();
  await first?.[Symbol.asyncDispose]();
  expect(await FileLock.tryAcquire(path, { signal })).toBeNull();
  await second[Symbol.asyncDispose]();
  await using alone = await FileLock.tryAcquire(path, { signal });
  expect(alone).not.toBeNull();
  expect(await FileLock.tryAcquire(path, shared)).toBeNull();
});
