// SPDX-License-Identifier: MIT
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { FormatError, UsageError } from '../errors.ts';
import type { ByteSource } from '../vmcore/byte-source.ts';

/** Opens a file for reading at any offset. Throws `UsageError` if there is none that can be read. */
export function openFile(path: string): ByteSource & Disposable {
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
