// SPDX-License-Identifier: MIT
import { FormatError, MissingPageError } from '../../errors.ts';
import { PAGE_SIZE, hex } from '../../memory/pfn.ts';
import type { ByteSource } from './byte-source.ts';

/** Bytes that one read of memory may ask for: sizes come from dumps, and the largest tables have some 10 MiB. */
const MAX_READ_BYTES = 256 * 1024 * 1024;

/** A part of a dump, as the dump itself says. */
export interface Extent {
  readonly offset: number;
  readonly bytes: number;
}

/** Reads what a dump says is there; `what` it is, is named if it is not. Throws `FormatError`. */
export function readExactly(source: ByteSource, what: string, extent: Extent): Uint8Array {
  checkExtent(source, what, extent);
  return source.read(extent.offset, extent.bytes);
}

/** Throws `FormatError` if the dump ends before what it says is there. */
export function checkExtent(source: ByteSource, what: string, { offset, bytes }: Extent): void {
  const left = Math.max(0, source.size - offset);
  if (bytes <= left) return;
  throw new FormatError(
    `Cannot read ${what}: ${bytes} bytes wanted at offset ${hex(offset)}, ${left} left`,
  );
}

/** Throws `FormatError` if a read of memory asks for more than anybody can want. */
export function checkReadLength(start: number, length: number): void {
  if (Number.isInteger(length) && length >= 0 && length <= MAX_READ_BYTES) return;
  throw new FormatError(
    `Cannot read memory at ${hex(start)}: at most ${MAX_READ_BYTES} bytes wanted, ${length} asked for`,
  );
}

/** The error for a page that a dump does not have, and why. */
export function missingPage(paddr: number, why: string): MissingPageError {
  const page = Math.floor(paddr / PAGE_SIZE) * PAGE_SIZE;
  return new MissingPageError(`Cannot read page ${hex(page)}: ${why}`);
}
