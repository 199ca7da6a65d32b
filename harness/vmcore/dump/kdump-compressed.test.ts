// SPDX-License-Identifier: MIT
import { snappyCompress } from 'hysnappy';
import { describe, expect, it } from 'vitest';
import { FormatError, MissingPageError, UnsupportedFormatError } from '../../errors.ts';
import { pfn, physAddr } from '../../memory/pfn.ts';
import { physRange } from '../../memory/phys-range.ts';
import { bytesSource } from './byte-source.ts';
import { type KdumpSpec, kdumpBytes, rawPage, zlibPage } from '../testing/kdump-builder.ts';
import { kdumpMemory } from './kdump-compressed.ts';
import { readKdumpHeader } from './kdump-header.ts';
import type { PhysicalMemory } from './physical-memory.ts';
import { pageOf } from '../testing/vmcore-builder.ts';

function memoryOf(bytes: Uint8Array): PhysicalMemory {
  const source = bytesSource(bytes);
  return kdumpMemory(source, readKdumpHeader(source));
}

/** One byte of a page, or why it cannot be read. */
function byteOf(memory: PhysicalMemory, page: number): number | string {
  try {
    return memory.read(physAddr(page * 0x1000 + 0x123), 1)[0] ?? -1;
  } catch (error) {
    return error instanceof MissingPageError ? error.message : String(error);
  }
}

const PAGES = [rawPage(1, pageOf(1)), zlibPage(2, pageOf(2)), zlibPage(5000, pageOf(3))];

describe('kdumpMemory()', () => {
  it('reads across pages, whatever their compression', () => {
    const lzo = [17 + 4, 4, 4, 4, 4, 0x20, ...Array<number>(15).fill(0), 234, 0, 0, 0x11, 0, 0];
    const memory = memoryOf(
      kdumpBytes({
        pages: [
          ...PAGES,
          { pfn: 3, flags: 2, data: Uint8Array.from(lzo) },
          { pfn: 4, flags: 4, data: snappyCompress(pageOf(5)) },
          { pfn: 5, flags: 0x20, data: zstdRun(6) },
        ],
      }),
    );
    expect(memory.ranges).toEqual([physRange(0x1000, 0x6000), physRange(0x1388000, 0x1389000)]);
    const bytes = memory.read(physAddr(0x1fff), 0x4001);
    expect(Buffer.from(bytes)).toEqual(
      Buffer.concat([Buffer.of(1), pageOf(2), pageOf(4), pageOf(5), pageOf(6)]),
    );
    expect([...memory.read(physAddr(0x1388fff), 1)]).toEqual([3]);
    expect(memory.read(physAddr(0xa0000), 0)).toHaveLength(0);
  });

  it.each([
    { page: 0, why: 'the machine has no memory there' },
    { page: 3, why: 'it was filtered out when the dump was made (dump level 31)' },
    { page: 5001, why: 'the machine has no memory there' },
    { page: 2 ** 35, why: 'the machine has no memory there' },
  ])('says why page $page is missing: $why', ({ page, why }) => {
    const memory = memoryOf(kdumpBytes({ pages: PAGES, filtered: [3] }));
    const message = `Cannot read page 0x${(page * 0x1000).toString(16)}: ${why}`;
    expect(byteOf(memory, page)).toBe(message);
    expect(byteOf(memory, 5000)).toBe(3);
  });

  it('has the pages that were dumped', () => {
    const memory = memoryOf(kdumpBytes({ pages: PAGES, filtered: [3] }));
    const pages = [0, 1, 2, 3, 4, 5000, 5001, 2 ** 35].filter((page) => memory.has(pfn(page)));
    expect(pages).toEqual([1, 2, 5000]);
  });

  it('says what is missing in a dump that ran out of room', () => {
    const unwritten = { pfn: 2, flags: 0, data: new Uint8Array(), offset: 0n };
    const spec = { pages: [rawPage(1, pageOf(1)), unwritten], status: 9 };
    const memory = memoryOf(kdumpBytes(spec));
    expect([1, 2].map((page) => byteOf(memory, page))).toEqual([
      1,
      'Cannot read page 0x2000: the dump is incomplete and ends before it',
    ]);
  });

  it.each([{ version: 2 }, { version: 6 }])(
    'reads its part of a split dump, version $version',
    ({ version }) => {
      // The bitmaps cover the whole dump, the descriptors only this part.
      const whole = { ...rawPage(1, new Uint8Array()), flags: 1 };
      const bytes = kdumpBytes({
        version,
        pages: [whole, ...PAGES.slice(1)],
        split: { first: 2, end: 4000 },
      });
      const memory = memoryOf(withoutDescriptor(bytes));
      expect([1, 2, 5000].filter((page) => memory.has(pfn(page)))).toEqual([2]);
      const why = 'the dump is split, and this file covers 0x2000 to 0xfa0000';
      expect([1, 2, 5000].map((page) => byteOf(memory, page))).toEqual([
        `Cannot read page 0x1000: ${why}`,
        2,
        `Cannot read page 0x1388000: ${why}`,
      ]);
    },
  );

  it.each([
    {
      page: { flags: 3 },
      why: 'struct page_desc at 0x4018: expected at most 4096 bytes and a known compression, found size 12, flags 0x3',
    },
    {
      page: { size: 4097 },
      why: 'struct page_desc at 0x4018: expected at most 4096 bytes and a known compression, found size 4097, flags 0x1',
    },
    {
      page: { flags: 0, size: 4095 },
      why: 'struct page_desc at 0x4018: expected at most 4096 bytes and a known compression, found size 4095, flags 0x0',
    },
    {
      page: { offset: 0x10000n },
      why: 'page 0x2000: expected 12 bytes at offset 0x10000, found 0',
    },
    {
      page: { offset: 2n ** 60n },
      why: 'struct page_desc: expected a size below 2^53 at offset 0x4018, found 0x1000000000000000',
    },
    { page: {}, why: 'page 0x2000: Cannot decompress zlib data: unknown compression method' },
    { page: { size: 0 }, why: 'page 0x2000: Cannot decompress zlib data: unexpected end of file' },
  ])('refuses to read a page that lies: $why', ({ page, why }) => {
    const lie = { pfn: 2, flags: 1, data: new Uint8Array(12), ...page };
    const memory = memoryOf(kdumpBytes({ pages: [rawPage(1, pageOf(1)), lie] }));
    expect(() => memory.read(physAddr(0x2000), 1)).toThrow(new FormatError(`Cannot read ${why}`));
    expect(byteOf(memory, 1)).toBe(1);
  });

  it('refuses to read more than a sound dump can need', () => {
    expect(() => memoryOf(kdumpBytes({ pages: PAGES })).read(physAddr(0), 2 ** 40)).toThrow(
      new FormatError(
        'Cannot read memory at 0x0: expected at most 268435456 bytes, asked for 1099511627776',
      ),
    );
  });
});

describe('readKdumpHeader()', () => {
  it.each<{ left: number; message: string }>([
    { left: 463, message: 'struct disk_dump_header: expected 464 bytes at offset 0x0, found 463' },
    {
      left: 4096,
      message: 'struct kdump_sub_header: expected 104 bytes at offset 0x1000, found 0',
    },
    { left: 16_383, message: 'the bitmaps: expected 8192 bytes at offset 0x2000, found 8191' },
  ])('refuses a dump that is cut after $left bytes', ({ left, message }) => {
    const bytes = kdumpBytes({ pages: PAGES }).subarray(0, left);
    expect(() => memoryOf(bytes)).toThrow(new FormatError(`Cannot read ${message}`));
  });

  it('opens a dump that is cut in its descriptors, and fails when it needs them', () => {
    const memory = memoryOf(kdumpBytes({ pages: PAGES }).subarray(0, 0x4000 + 30));
    expect(byteOf(memory, 2)).toBe(
      'FormatError: Cannot read struct page_desc: expected 24 bytes at offset 0x4018, found 6',
    );
  });

  it.each<{ spec: Partial<KdumpSpec>; message: string }>([
    {
      spec: { blockSize: 0x10000 },
      message:
        'struct disk_dump_header: expected blocks of 4096 bytes and a sub header, found block_size 65536, sub_hdr_size 1',
    },
    {
      spec: { subHeaderBlocks: -1 },
      message:
        'struct disk_dump_header: expected blocks of 4096 bytes and a sub header, found block_size 4096, sub_hdr_size -1',
    },
    {
      spec: { subHeaderBlocks: 0x7fffffff },
      message: 'the bitmaps: expected 8192 bytes at offset 0x80000000000, found 0',
    },
    {
      spec: { pages: PAGES.slice(0, 1), bitmapBlocks: 0xffffffff },
      message: 'the bitmaps: expected 17592186040320 bytes at offset 0x2000, found 12312',
    },
    {
      spec: { maxMapnr: 32769n },
      message:
        'the bitmaps: expected at most 4294967295 pages and a bit for each, found 32769 pages and 32768 bits',
    },
    {
      spec: { maxMapnr: 2n ** 53n },
      message:
        'struct kdump_sub_header: expected a size below 2^53 at offset 0x1060, found 0x20000000000000',
    },
    {
      spec: { maxMapnr: 2n ** 33n, bitmapBlocks: 0xffffffff },
      message:
        'the bitmaps: expected at most 4294967295 pages and a bit for each, found 8589934592 pages and 70368744161280 bits',
    },
  ])('refuses headers that lie: $message', ({ spec, message }) => {
    expect(() => memoryOf(kdumpBytes({ pages: PAGES, ...spec }))).toThrow(
      new FormatError(`Cannot read ${message}`),
    );
  });

  it.each<{ spec: Partial<KdumpSpec>; what: string }>([
    { spec: { version: 7 }, what: 'expected a header version up to 6, found 7' },
    { spec: { version: -1 }, what: 'expected a header version up to 6, found -1' },
    { spec: { version: 0x07000000 }, what: 'expected a header version up to 6, found 117440512' },
    {
      spec: { version: 0x06000000, machine: '' },
      what: 'expected one of x86_64, found a big-endian one',
    },
    // As a dump made with a peer's test-data maker.
    {
      spec: { version: 0x06000000, machine: 's390x' },
      what: 'expected one of x86_64, found a big-endian one, one of "s390x"',
    },
    {
      spec: { version: 0x05000000, machine: 'ppc64' },
      what: 'expected one of x86_64, found a big-endian one, one of "ppc64"',
    },
    { spec: { machine: 'aarch64' }, what: 'expected one of x86_64, found one of "aarch64"' },
    { spec: { machine: 'i686' }, what: 'expected one of x86_64, found one of "i686"' },
  ])('names what it is instead: $what', ({ spec, what }) => {
    expect(() => memoryOf(kdumpBytes({ pages: PAGES, ...spec }))).toThrow(
      new UnsupportedFormatError(`Cannot read this kdump-compressed dump: ${what}`),
    );
  });

  it('takes only the fields that a version has', () => {
    const spec = { pages: PAGES, vmcoreinfo: 'A=1', notes: [{ name: 'N', type: 1, desc: [] }] };
    const headers = [0, 1, 2, 3, 4, 6].map((version) =>
      readKdumpHeader(bytesSource(kdumpBytes({ ...spec, version }))),
    );
    expect(
      headers.map(({ dumpLevel, vmcoreinfo, notes, pages }) => [
        dumpLevel,
        vmcoreinfo?.bytes,
        notes?.bytes,
        pages,
      ]),
    ).toEqual([
      [0, undefined, undefined, 5001],
      [31, undefined, undefined, 5001],
      [31, undefined, undefined, 5001],
      [31, 3, undefined, 5001],
      [31, 3, 16, 5001],
      [31, 3, 16, 5001],
    ]);
  });
});

/** A zstd frame with one block, 4096 times this byte (RFC 8878, 3.1.1). */
function zstdRun(byte: number): Uint8Array {
  return Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x60, 0x00, 0x0f, 0x03, 0x80, 0x00, byte);
}

/** The dump without its first `struct page_desc`; what follows the table stays in place. */
function withoutDescriptor(dump: Uint8Array): Uint8Array {
  const bytes = Buffer.from(dump);
  bytes.copyWithin(0x4000, 0x4018, 0x4048);
  return bytes;
}
