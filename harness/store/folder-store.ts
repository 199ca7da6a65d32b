// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FormatError, HostError, InputError, UsageError, fromSystemError } from '../errors.ts';
import { READ_ONLY, requireFile } from '../process/file-kind.ts';
import { findDifference, sha256File } from '../process/file-hash.ts';
import { syncPath } from '../process/sync-disk.ts';
import { unfinishedIn } from '../process/unfinished.ts';
import { type ArtifactStore, damaged, nameOf, placeOf } from './artifact-store.ts';

/** Bytes at a time. */
const CHUNK_BYTES = 1024 * 1024;

/** A store in a folder that all hosts have, by NFS for example. */
export class FolderStore implements ArtifactStore, AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Throws `UsageError` if it is no folder. */
  static async open(path: string): Promise<FolderStore> {
    const info = await stat(path).catch(() => undefined);
    if (info?.isDirectory()) return new FolderStore(resolve(path));
    throw new UsageError(
      `Cannot use the store ${path}: expected a folder, found ${info ? 'something else' : 'none'}; make one that all hosts share`,
    );
  }

  async put(path: string, signal: AbortSignal): Promise<string> {
    const sha256 = await sha256File(path);
    const to = this.#place(sha256);
    // One that was damaged is put again.
    if ((await findDifference(to, sha256)) === null) return sha256;
    try {
      const folder = dirname(to);
      await mkdir(folder, { recursive: true });
      const unfinished = unfinishedIn(folder);
      const found = await copyFile(path, unfinished, signal);
      if (found !== sha256) {
        await rm(unfinished);
        throw new InputError(`Cannot store ${path}: it changed while it was read`);
      }
      await rename(unfinished, to);
      await syncPath(folder);
      return sha256;
    } catch (error) {
      throw fromSystemError(error, `put ${path} into the store ${this.#folder}`);
    }
  }

  async get(sha256: string, to: string, signal: AbortSignal): Promise<void> {
    const from = this.#place(sha256);
    const what = nameOf(sha256, this.#folder);
    const info = await stat(from).catch(() => undefined);
    if (info === undefined) throw new InputError(`Cannot get ${what}: it has no such file`);
    let found: string;
    try {
      found = await copyFile(from, to, signal);
    } catch (error) {
      if (error instanceof FormatError) throw new InputError(`Cannot get ${what}: it is no file`);
      throw fromSystemError(error, `get ${what}`);
    }
    if (found === sha256) return;
    await rm(to);
    await this.remove(sha256);
    throw damaged(what, sha256, found);
  }

  async remove(sha256: string): Promise<void> {
    await rm(this.#place(sha256), { force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #place(sha256: string): string {
    return join(this.#folder, placeOf(sha256));
  }
}

/** Copies a file, and gives the SHA-256 of what was copied; leaves nothing if that fails. */
async function copyFile(from: string, to: string, signal: AbortSignal): Promise<string> {
  requireFile(from, await stat(from));
  await using source = await open(from, READ_ONLY | constants.O_NOFOLLOW);
  await using target = await open(to, 'wx', 0o644);
  try {
    const sha256 = await copyBytes(source, target, signal);
    await target.sync();
    return sha256;
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
}

async function copyBytes(
  source: FileHandle,
  target: FileHandle,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(CHUNK_BYTES);
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await source.read(buffer, 0, CHUNK_BYTES);
    if (bytesRead === 0) return hash.digest('hex');
    const bytes = buffer.subarray(0, bytesRead);
    hash.update(bytes);
    const { bytesWritten } = await target.write(bytes);
    if (bytesWritten < bytesRead) throw new HostError('Cannot write: is the disk full?');
  }
}
