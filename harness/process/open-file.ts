// SPDX-License-Identifier: MIT
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { FormatError, UsageError } from '../errors.ts';

/** A file that can be read at any offset. */
export interface OpenFile extends Disposable {
  /** In bytes. */
  readonly size: number;
  /** Reads exactly `length` bytes. Throws `FormatError` if the file has become shorter. */
  read(offset: number, length: number): Uint8Array;
}

/** Opens a file for reading at any offset. Throws `UsageError` if it cannot be read. */
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
  try {
    return openSync(path, 'r');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Cannot read ${path}: ${why}; name a file`, { cause: error });
  }
}
