// SPDX-License-Identifier: MIT
/** The low 1 MiB as the host saves it, for tests. */
import { crc32 } from 'node:zlib';
import { PAGE_SIZE, SZ_1M, hex } from '../../memory/pfn.ts';

/** What differs from memory in which every page is as it was filled, but for a trampoline of 6.12 at 0x98000. */
interface LowMemorySpec {
  /** `text_start`, `ro_end` and `trampoline_start`. */
  readonly header?: readonly number[];
  /** Where it ends; null for nowhere. */
  readonly end?: number | null;
  /** Pages with another byte at their end. */
  readonly written?: readonly number[];
}

const TRAMPOLINE = 0x98000;

/** The bytes of `jump/low1m.bin`. */
export function lowMemoryBytes({
  header = [0x99000, 0x9a18e, 0x99000],
  end = 0x9e260,
  written = [],
}: LowMemorySpec = {}): Uint8Array {
  const bytes = Buffer.alloc(SZ_1M);
  for (let at = 0; at < SZ_1M; at += PAGE_SIZE) filledPage(at / PAGE_SIZE).copy(bytes, at);
  for (const [index, word] of header.entries()) bytes.writeUInt32LE(word, TRAMPOLINE + 4 * index);
  if (end !== null) bytes.writeUInt32LE(0x65a22c82, end);
  for (const page of written) bytes.writeUInt8(0xff, (page + 1) * PAGE_SIZE - 1);
  return bytes;
}

/** What the personality driver reports of pages that it filled. */
export function tagLines(pages: readonly number[]): string[] {
  return pages.map((page) => `tag ${hex(page)} ${hex(crc32(filledPage(page)))}`);
}

function filledPage(page: number): Buffer {
  return Buffer.alloc(PAGE_SIZE, `page ${page};`);
}
