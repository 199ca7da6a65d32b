// SPDX-License-Identifier: MIT
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { CellLogs } from './cell-logs.ts';

it('has on the disk what was written before it is closed', async () => {
  await using temp = await makeTempDir();
  await using logs = new CellLogs(temp.path, new AbortController());
  logs.line('qmp.jsonl')('{}');
  expect(await readFile(join(temp.path, 'qmp.jsonl'), 'utf8')).toBe('{}\n');
});

it('drops what a guest writes beyond 32 MiB, and says so', async () => {
  await using temp = await makeTempDir();
  await using logs = new CellLogs(temp.path, new AbortController());
  const write = logs.bytes('console.log');
  for (let i = 0; i < 40; i++) write(new Uint8Array(1024 * 1024).fill(0x61));
  const text = await readFile(join(temp.path, 'console.log'), 'latin1');
  expect(text.length).toBeLessThan(33 * 1024 * 1024);
  expect(text.slice(-60)).toContain('sub1m dropped the rest beyond 33554432 bytes');
});

it('tells the cell, once, when the disk is full', async () => {
  const hostFails = new AbortController();
  await using temp = await makeTempDir();
  const log = join(temp.path, 'console.log');
  await symlink('/dev/full', log);
  await using logs = new CellLogs(temp.path, hostFails);
  const write = logs.bytes('console.log');
  write(new Uint8Array(1));
  write(new Uint8Array(1));
  expect(String(hostFails.signal.reason)).toContain(`HostError: Cannot write ${log}: `);
  expect(String(hostFails.signal.reason)).toContain('ENOSPC');
});
