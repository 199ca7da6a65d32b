// SPDX-License-Identifier: MIT
import { crc32 } from 'node:zlib';
import { FormatError } from '../errors.ts';
import type { Islands } from '../layout/layout.ts';
import { PAGE_SIZE } from '../memory/pfn.ts';
import type { PersonalityPlan, PlannedRange } from '../layout/personality-plan.ts';
import { rangeSize } from '../memory/phys-range.ts';

/**
 * `struct layout_header`, `struct layout_range`, `struct layout_islands` of
 * `guest/personality/layout.h`, in bytes.
 */
const HEADER_BYTES = 32;
const RANGE_BYTES = 12;
const ISLANDS_BYTES = 24;
const BLOB_LIMIT = 8192;

const MAGIC = 'sub1mlay';
const VERSION = 1;
const CRC32_OFFSET = 16;
const TYPE_HOLE = 0xffff_ffff;

/** `LAYOUT_…` of `guest/personality/layout.h`. */
const FLAGS = { biosWords: 1, esrt: 2, bgrt: 4, setVirtualAddressMapFails: 8 } as const;

/** What the personality driver reads from fw_cfg. Throws `FormatError` if it is more than the driver can read. */
export function layoutBlob({ ranges, levers }: PersonalityPlan): Uint8Array {
  const { biosWords, islands } = levers;
  const size = HEADER_BYTES + ranges.length * RANGE_BYTES + islands.length * ISLANDS_BYTES;
  if (size > BLOB_LIMIT) {
    throw new FormatError(
      `Cannot hand over the layout: expected at most ${BLOB_LIMIT} bytes, found ${size}; it has ${ranges.length} ranges`,
    );
  }
  const blob = new Uint8Array(size);
  const view = new DataView(blob.buffer);
  blob.set(Buffer.from(MAGIC));
  view.setUint32(8, VERSION, true);
  view.setUint32(12, size, true);
  view.setUint32(20, flagsOf(levers), true);
  view.setUint16(24, biosWords?.ebdaSegment ?? 0, true);
  view.setUint16(26, biosWords?.baseMemoryKiB ?? 0, true);
  view.setUint16(28, ranges.length, true);
  view.setUint16(30, islands.length, true);
  const afterRanges = HEADER_BYTES + ranges.length * RANGE_BYTES;
  for (const [index, range] of ranges.entries()) {
    writeRange(view, HEADER_BYTES + index * RANGE_BYTES, range);
  }
  for (const [index, some] of islands.entries()) {
    writeIslands(view, afterRanges + index * ISLANDS_BYTES, some);
  }
  view.setUint32(CRC32_OFFSET, crc32(blob), true);
  return blob;
}

function flagsOf(levers: PersonalityPlan['levers']): number {
  const set = Object.entries(FLAGS).filter(([lever]) => levers[lever as keyof typeof FLAGS]);
  return set.reduce((flags, [, flag]) => flags | flag, 0);
}

function writeRange(view: DataView, at: number, { range, type, tag }: PlannedRange): void {
  view.setUint16(at, range.start / PAGE_SIZE, true);
  view.setUint16(at + 2, rangeSize(range) / PAGE_SIZE, true);
  view.setUint32(at + 4, type ?? TYPE_HOLE, true);
  view.setUint32(at + 8, tag ? 1 : 0, true);
}

function writeIslands(view: DataView, at: number, { type, start, step, count }: Islands): void {
  view.setBigUint64(at, BigInt(start), true);
  view.setBigUint64(at + 8, BigInt(step), true);
  view.setUint32(at + 16, count, true);
  view.setUint32(at + 20, type, true);
}
