// SPDX-License-Identifier: MIT
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { pageCrcs } from '../memory/page-crcs.ts';

/** Read at once, bytes. */
const CHUNK = 1024 * 1024;

/** Most of a guest's memory is zero, by the megabyte. */
const ZERO_CHUNK = new Uint8Array(CHUNK);
const ZERO_CRCS = pageCrcs(ZERO_CHUNK);

/**
 * The CRC-32 of each page of a file, little-endian, gzipped. For a thread: it works at memory speed, for half a second a
 * gigabyte.
 */
export function hashPages(path: string): Uint8Array {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const chunk = new Uint8Array(CHUNK);
    const crcs: Uint32Array[] = [];
    for (let at = 0; at < size; at += CHUNK) {
      const length = readSync(fd, chunk, 0, Math.min(CHUNK, size - at), at);
      const bytes = chunk.subarray(0, length);
      const isZero = length === CHUNK && Buffer.compare(bytes, ZERO_CHUNK) === 0;
      crcs.push(isZero ? ZERO_CRCS : pageCrcs(bytes));
    }
    const packed = crcs.map(({ buffer }) => new Uint8Array(buffer));
    return gzipSync(Buffer.concat(packed), { level: 1 });
  } finally {
    closeSync(fd);
  }
}
