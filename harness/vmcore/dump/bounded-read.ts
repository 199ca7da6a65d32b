// SPDX-License-Identifier: MIT
import { FormatError, MissingPageError } from '../../errors.ts';
import { PAGE_SIZE, hex } from '../../memory/pfn.ts';
import type { ByteSource } from './byte-source.ts';

/** Bytes that one read of memory may ask for; the largest tables of a kernel have some 10 MiB. */
const MAX_READ_BYTES = 256 * 1024 * 1024;

/** A part of a dump file, by what the dump itself says. */
export interface Extent {
  readonly offset: number;
  readonly bytes: number;
}

/** Reads a part of a dump; `what` names it in the `FormatError` that is thrown if it is cut off. */
export function readExactly(source: ByteSource, what: string, extent: Extent): Uint8Array {
  checkExtent(source, what, extent);
  return source.read(extent.offset, extent.bytes);
}

/** Throws `FormatError` if the dump ends before the extent does. */
export function checkExtent(source: ByteSource, what: string, { offset, bytes }: Extent): void {
  const left = Math.max(0, source.size - offset);
  if (bytes <= left) return;
  throw new FormatError(
    `Cannot read ${what}: expected ${bytes} bytes at offset ${hex(offset)}, found ${left}`,
  );
}

/** Throws `FormatError` for a length that no sound dump leads to. */
export function checkReadLength(start: number, length: number): void {
  if (Number.isInteger(length) && length >= 0 && length <= MAX_READ_BYTES) return;
  throw new FormatError(
    `Cannot read memory at ${hex(start)}: expected at most ${MAX_READ_BYTES} bytes, ` +
      `asked for ${length}`,
  );
}

/** The error for a page that a dump does not have, with the reason. */
export function missingPage(paddr: number, why: string): MissingPageError {
  const page = Math.floor(paddr / PAGE_SIZE) * PAGE_SIZE;
  return new MissingPageError(`Cannot read page ${hex(page)}: ${why}`);
}
