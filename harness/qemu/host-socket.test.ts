// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HostError } from '../errors.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { listenOnce } from './host-socket.ts';

it('refuses a path that a Unix socket cannot have', async () => {
  const path = `/${'x'.repeat(107)}`;
  await expect(listenOnce(path)).rejects.toThrow(
    new HostError(
      `Cannot listen at ${path}: expected at most 107 bytes, found 108; set TMPDIR to a shorter folder`,
    ),
  );
});

it('says why it cannot listen', async () => {
  await expect(listenOnce('/nowhere/x.sock')).rejects.toThrow(
    /^Cannot listen at \/nowhere\/x.sock: listen E/,
  );
});

it('takes one connection, and then removes its socket from the folder', async () => {
  await using folder = await makeTempDir();
  const path = join(folder.path, 'a.sock');
  await using host = await listenOnce(path);
  expect(existsSync(path)).toBe(true);
  createConnection(path).on('error', () => {});
  await host.connected;
  expect(existsSync(path)).toBe(false);
});

it('leaves no socket when nobody connects', async () => {
  await using folder = await makeTempDir();
  const path = join(folder.path, 'a.sock');
  const host = await listenOnce(path);
  await host[Symbol.asyncDispose]();
  expect(existsSync(path)).toBe(false);
});
