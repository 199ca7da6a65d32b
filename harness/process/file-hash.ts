// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { messageOf } from '../errors.ts';
import { READ_ONLY, requireFile } from './file-kind.ts';

/** Bytes read at a time: a stream's 64 KiB take three times as long. */
const CHUNK_BYTES = 1024 * 1024;

/** The SHA-256 of a file, in hex. Throws `FormatError` if it is no file. */
export async function sha256File(path: string): Promise<string> {
  requireFile(path, await stat(path));
  await using file = await open(path, READ_ONLY);
  return await hashOf(file);
}

/** Longer than two ticks of the clock by which a file system tells times, ms: it has 100 to 1000 a second. */
const CLOCK_TICK_MS = 50;

/** What was hashed before, by `identityOf`. */
const HASHED = new Map<string, string>();

/**
 * The same, but read only once in this process while it is the same file, with the same size and times: each write
 * changes them. Throws likewise.
 */
export async function sha256Once(path: string): Promise<string> {
  requireFile(path, await stat(path));
  await using file = await open(path, READ_ONLY);
  const identity = await identityOf(file);
  if (identity === null) return await hashOf(file);
  const known = HASHED.get(identity);
  if (known !== undefined) return known;
  const hash = await hashOf(file);
  // It may have been written to meanwhile.
  if ((await identityOf(file)) === identity) HASHED.set(identity, hash);
  return hash;
}

/** How a file differs from one with this SHA-256, in words; null if it does not. Never throws. */
export async function findDifference(
  path: string,
  expected: string,
  hash: (path: string) => Promise<string> = sha256Once,
): Promise<string | null> {
  try {
    const found = await hash(path);
    return found === expected ? null : `expected sha256 ${expected}, found ${found}`;
  } catch (error) {
    return messageOf(error);
  }
}

/** The SHA-256 of some bytes or text, in hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

async function hashOf(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const chunk = new Uint8Array(CHUNK_BYTES);
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, null);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(chunk.subarray(0, bytesRead));
  }
}

/** What changes with each write; null if the file was written so lately that the next write may have the same time. */
async function identityOf(file: FileHandle): Promise<string | null> {
  const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs }: BigIntStats = await file.stat({
    bigint: true,
  });
  if (Date.now() - Number(ctimeMs) < CLOCK_TICK_MS) return null;
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}
