// SPDX-License-Identifier: MIT
import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { HostError, InputError, InterruptedError, Sub1mError, messageOf } from '../errors.ts';
import { withDeadline } from '../process/deadline.ts';
import { sha256File } from '../process/file-hash.ts';
import { READ_ONLY } from '../process/file-kind.ts';
import { type ArtifactStore, damaged, nameOf, placeOf } from './artifact-store.ts';

/** Bytes that go over the network at a time; what was cut goes on at the part that was not done. */
export const PART_BYTES = 8 * 1024 * 1024;

/** How long a server may take for one part, ms: less than 70 KB a second is no use. */
const PART_MS = 120_000;

/** What a server of files can do, at places below its own folder. Whatever it throws but ours means that it failed. */
export interface Remote extends AsyncDisposable {
  /** As messages name it, without a password. */
  readonly shown: string;
  /** The bytes of a file that is whole; null if there is none. */
  readonly size: (place: string) => Promise<number | null>;
  /** Some of its bytes, from the beginning of a part; fewer where it has no more. */
  readonly read: (place: string, at: number, bytes: number) => Promise<Uint8Array>;
  /** The bytes that an earlier attempt to put the file has left: whole parts, from its beginning. */
  readonly begun: (place: string) => Promise<number>;
  /** Puts a part at its place in a file that is not whole yet. */
  readonly write: (place: string, at: number, part: Uint8Array) => Promise<void>;
  /** Makes the file whole: all its parts are there. */
  readonly finish: (place: string, bytes: number) => Promise<void>;
  /** Removes a file, whole or not, if there is one. */
  readonly remove: (place: string) => Promise<void>;
}

/** A store on a server. Two may put a file at once: they write the same. */
export class RemoteStore implements ArtifactStore, AsyncDisposable {
  readonly #remote: Remote;

  constructor(remote: Remote) {
    this.#remote = remote;
  }

  async put(path: string, signal: AbortSignal): Promise<string> {
    const sha256 = await sha256File(path);
    const place = placeOf(sha256);
    await using file = await open(path, READ_ONLY);
    const { size } = await file.stat();
    const there = await this.#ask(signal, (remote) => remote.size(place));
    if (there === size) return sha256;
    if (there !== null) await this.#ask(signal, (remote) => remote.remove(place));
    const begun = await this.#ask(signal, (remote) => remote.begun(place));
    const hash = createHash('sha256');
    // A file without bytes has one part, too.
    for (let at = 0; at === 0 || at < size; at += PART_BYTES) {
      const part = await readPart(file, at, size);
      hash.update(part);
      if (at < begun) continue;
      await this.#ask(signal, (remote) => remote.write(place, at, part));
    }
    if (hash.digest('hex') !== sha256) {
      await this.#ask(signal, (remote) => remote.remove(place));
      throw new InputError(`Cannot store ${path}: it changed while it was read`);
    }
    await this.#ask(signal, (remote) => remote.finish(place, size));
    return sha256;
  }

  async get(sha256: string, to: string, signal: AbortSignal): Promise<void> {
    const place = placeOf(sha256);
    const what = nameOf(sha256, this.#remote.shown);
    const size = await this.#ask(signal, (remote) => remote.size(place));
    if (size === null) throw new InputError(`Cannot get ${what}: it has no such file`);
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
    await using file = await open(to, flags, 0o644);
    const hash = createHash('sha256');
    for (let at = await goOn(file, hash, size); at < size; at += PART_BYTES) {
      const bytes = Math.min(PART_BYTES, size - at);
      const part = await this.#ask(signal, (remote) => remote.read(place, at, bytes));
      hash.update(part);
      await writeAll(file, part, at);
    }
    await file.sync();
    const found = hash.digest('hex');
    if (found === sha256) return;
    await rm(to);
    await this.#ask(signal, (remote) => remote.remove(place));
    throw damaged(what, sha256, found);
  }

  async remove(sha256: string): Promise<void> {
    const { signal } = new AbortController();
    await this.#ask(signal, (remote) => remote.remove(placeOf(sha256)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remote[Symbol.asyncDispose]();
  }

  /** Has the server do something, within the time for one part. Throws `HostError` if it does not. */
  async #ask<T>(signal: AbortSignal, work: (remote: Remote) => Promise<T>): Promise<T> {
    const { shown } = this.#remote;
    try {
      const what = `the store ${shown}`;
      return await withDeadline(what, { budgetMs: PART_MS, signal }, () => work(this.#remote));
    } catch (error) {
      if (error instanceof InterruptedError || error instanceof HostError) throw error;
      const why = error instanceof Sub1mError ? error.message : messageOf(error);
      throw new HostError(`Cannot use the store ${shown}: ${why}`, { cause: error });
    }
  }
}

async function readPart(file: FileHandle, at: number, size: number): Promise<Uint8Array> {
  const part = new Uint8Array(Math.min(PART_BYTES, size - at));
  const { bytesRead } = await file.read(part, 0, part.length, at);
  return part.subarray(0, bytesRead);
}

/** Hashes the whole parts that an earlier attempt has left, and gives where to go on. */
async function goOn(file: FileHandle, hash: Hash, size: number): Promise<number> {
  const left = Math.min((await file.stat()).size, size);
  const whole = left - (left % PART_BYTES);
  await file.truncate(whole);
  for (let at = 0; at < whole; at += PART_BYTES) hash.update(await readPart(file, at, whole));
  return whole;
}

async function writeAll(file: FileHandle, part: Uint8Array, at: number): Promise<void> {
  const { bytesWritten } = await file.write(part, 0, part.length, at);
  if (bytesWritten < part.length) throw new HostError('Cannot write: is the disk full?');
}
