// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { HostError, InputError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { patientStore } from './patient-store.ts';

/** A store that fails so often before it takes what is put. */
function storeThatFails(times: number, error: Error) {
  let tries = 0;
  const put = (): Promise<string> =>
    ++tries <= times ? Promise.reject(error) : Promise.resolve('hash');
  const get = async (): Promise<void> => void (await put());
  return { store: { put, get, remove: get }, tries: () => tries };
}

const FULL = new HostError('Cannot put x into the store: no space left');

it('waits for a store that is full, and says so once', async () => {
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (text: string) => warnings.push(text) };
  const { store, tries } = storeThatFails(2, FULL);
  const { signal } = new AbortController();
  expect(await patientStore(store, log).put('x', signal)).toBe('hash');
  expect(tries()).toBe(3);
  expect(warnings).toEqual([`${FULL.message}; trying again`]);
});

it('does not wait where that would change nothing, nor when nobody waits for it', async () => {
  const changed = new InputError('Cannot store x: it changed');
  const { store, tries } = storeThatFails(1, changed);
  const { signal } = new AbortController();
  await expect(patientStore(store, silentLog).put('x', signal)).rejects.toBe(changed);
  const full = storeThatFails(9, FULL);
  const stop = new AbortController();
  const putting = patientStore(full.store, silentLog).get('hash', 'to', stop.signal);
  await new Promise(setImmediate);
  stop.abort();
  await expect(putting).rejects.toThrow('The operation was aborted');
  expect([tries(), full.tries()]).toEqual([1, 1]);
});
