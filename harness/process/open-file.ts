// SPDX-License-Identifier: MIT
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { FormatError, UsageError } from '../errors.ts';
import { READ_ONLY, requireFile } from './file-kind.ts';

/** A file that can be read at any offset. */
export interface OpenFile extends Disposable {
  /** In bytes. */
  readonly size: number;
  /** Reads exactly `length` bytes. Throws `FormatError` if the file has become shorter. */
  read(offset: number, length: number): Uint8Array;
}

/**
 * Opens a file for reading at any offset. Throws `UsageError` if it cannot be opened, `FormatError`
 * if it is no file.
 */
export function openFile(path: string): OpenFile {
  const fd = openToRead(path);
  return {
    size: fstatSync(fd).size,
    read: (offset, length) => {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const got = readSync(fd, bytes, done, length - done, offset + done);
        if (got === 0) throw new FormatError(`Cannot read ${path}: it became shorter meanwhile`);
        done += got;
      }
      return bytes;
    },
    [Symbol.dispose]: () => {
      closeSync(fd);
    },
  };
}

function openToRead(path: string): number {
  // Before it is opened: that alone can wait for ever, or act on a device.
  requireFile(
    path,
    named(path, () => statSync(path)),
  );
  const fd = named(path, () => openSync(path, READ_ONLY));
  try {
    requireFile(path, fstatSync(fd));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function named<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Cannot read ${path}: ${why}; name a file`, { cause: error });
  }
}
