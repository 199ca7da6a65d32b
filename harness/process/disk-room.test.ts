// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { HostError, InterruptedError, ProcessError } from '../errors.ts';
import { whileThereIsRoom } from './disk-room.ts';

const { signal } = new AbortController();

/** A file system that never has room. */
const FULL = '/proc';

/** Work that waits for ever. */
async function stuck(until: AbortSignal): Promise<never> {
  await once(until, 'abort');
  throw new InterruptedError('Interrupted while running apt-get');
}

describe('whileThereIsRoom', () => {
  it('gives what the work gives', async () => {
    expect(await whileThereIsRoom(tmpdir(), signal, () => Promise.resolve(7))).toBe(7);
  });

  it('ends work that waits for room on a full disk', async () => {
    await expect(whileThereIsRoom(FULL, signal, stuck)).rejects.toThrow(
      new HostError('No room is left on the disk of /proc'),
    );
  });

  it('blames a full disk for what failed on it', async () => {
    const failed = () => Promise.reject(new ProcessError('exit status 100'));
    await expect(whileThereIsRoom(FULL, signal, failed)).rejects.toThrow(HostError);
    await expect(whileThereIsRoom(tmpdir(), signal, failed)).rejects.toThrow(ProcessError);
    const said = () => Promise.reject(new ProcessError('write (28: No space left on device)'));
    await expect(whileThereIsRoom(tmpdir(), signal, said)).rejects.toThrow(HostError);
  });

  it('lets an interrupt be one', async () => {
    const stop = new AbortController();
    const running = whileThereIsRoom(FULL, stop.signal, stuck);
    stop.abort();
    await expect(running).rejects.toThrow(InterruptedError);
  });
});
