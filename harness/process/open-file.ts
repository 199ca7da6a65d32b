// SPDX-License-Identifier: MIT
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { FormatError, UsageError, messageOf } from '../errors.ts';
import { READ_ONLY, requireFile } from './file-kind.ts';

/** A file that can be read at any offset. */
export interface OpenFile extends Disposable {
  /** As messages name it. */
  readonly path: string;
  readonly fd: number;
  /** In bytes. */
  readonly size: number;
  /** Reads exactly `length` bytes. Throws `FormatError` if the file has become shorter. */
  read(offset: number, length: number): Uint8Array;
}

/**
 * Opens a file for reading at any offset; messages call it `named`. Throws `UsageError` if it cannot be opened,
 * `FormatError` if it is no file.
 */
export function openFile(path: string, named = path): OpenFile {
  // Before it is opened: that alone can wait for ever, or act on a device.
  const info = orUsage(named, () => statSync(path));
  requireFile(named, info);
  const fd = orUsage(named, () => openSync(path, READ_ONLY));
  return fileOf(fd, named);
}

/** The file of a descriptor, which it takes over. Throws `FormatError` if it is no file. */
export function fileOf(fd: number, path: string): OpenFile {
  const close = (): void => {
    closeSync(fd);
  };
  try {
    const info = fstatSync(fd);
    requireFile(path, info);
    return {
      path,
      fd,
      size: info.size,
      read: (offset, length) => readWhole({ fd, path }, offset, length),
      [Symbol.dispose]: close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Where a thread of this process finds an open file, whatever has become of its name. */
export function placeOf({ fd }: Pick<OpenFile, 'fd'>): string {
  return `/proc/self/fd/${fd}`;
}

function readWhole(
  { fd, path }: Pick<OpenFile, 'fd' | 'path'>,
  offset: number,
  length: number,
): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const got = readSync(fd, bytes, done, length - done, offset + done);
    if (got === 0) throw new FormatError(`Cannot read ${path}: it became shorter meanwhile`);
    done += got;
  }
  return bytes;
}

function orUsage<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const why = messageOf(error);
    throw new UsageError(`Cannot read ${path}: ${why}; name a file`, { cause: error });
  }
}
