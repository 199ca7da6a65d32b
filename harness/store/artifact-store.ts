// SPDX-License-Identifier: MIT
import { FormatError, InputError } from '../errors.ts';

/** What a machine is given, and bundles, by their SHA-256. */
export interface ArtifactStore {
  /** Puts a file, unless it is there and whole, and gives its hash. Throws `HostError` if the store has no room, or is away. */
  readonly put: (path: string, signal: AbortSignal) => Promise<string>;
  /**
   * Copies a file out of it, to a path where there is none, or what an attempt left that `HostError` ended. Throws
   * `InputError` if the store has none with that hash, or one that is not what it was, which it removes; `HostError` if the
   * host fails, or the store is away.
   */
  readonly get: (sha256: string, to: string, signal: AbortSignal) => Promise<void>;
  readonly remove: (sha256: string) => Promise<void>;
}

/** Where a store has a file, below its own folder. Throws `FormatError` for what is no SHA-256: it comes from others. */
export function placeOf(sha256: string): string {
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new FormatError('Expected a SHA-256');
  return `${sha256.slice(0, 2)}/${sha256}`;
}

/** What is got, in a few words. */
export function nameOf(sha256: string, store: string): string {
  return `${sha256.slice(0, 16)}… out of the store ${store}`;
}

/** The error for a file that is not what it was. */
export function damaged(what: string, sha256: string, found: string): InputError {
  return new InputError(
    `Cannot get ${what}: it is damaged: expected sha256 ${sha256}, found ${found}; start the run again to put it anew`,
  );
}
