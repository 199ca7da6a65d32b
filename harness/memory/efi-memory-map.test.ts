// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { bootParamsBytes, efiMapBytes } from './testing/efi-memory-map-builder.ts';
import { readEfiMapLocation, readEfiMemoryMap } from './efi-memory-map.ts';
import { type PhysRange, physRange } from './phys-range.ts';

describe('readEfiMapLocation()', () => {
  it('finds the map, even above 4 GiB', () => {
    expect(readEfiMapLocation(bootParamsBytes({ address: 0x1_2345_6000, size: 4800 }))).toEqual({
      address: 0x1_2345_6000,
      size: 4800,
      descriptorSize: 48,
    });
  });

  it('recognises a kernel that was not booted by 64-bit EFI', () => {
    expect(readEfiMapLocation(bootParamsBytes({ signature: 0 }))).toBeUndefined();
  });

  it.each([
    [
      'a page that is cut',
      bootParamsBytes().subarray(0, 479),
      'Cannot read boot_params: expected 480 bytes, found 479',
    ],
    [
      'descriptors that are too short',
      bootParamsBytes({ descriptorSize: 39 }),
      'Cannot read efi_info: expected an EFI memory map, found 48 bytes of descriptors of 39 bytes',
    ],
    [
      'a map shorter than a descriptor',
      bootParamsBytes({ size: 47 }),
      'Cannot read efi_info: expected an EFI memory map, found 47 bytes of descriptors of 48 bytes',
    ],
    [
      'a map that is too long',
      bootParamsBytes({ size: 0x10_0001 }),
      'Cannot read efi_info: expected an EFI memory map, found 1048577 bytes of descriptors of 48 bytes',
    ],
    [
      'an address beyond 52 bits',
      bootParamsBytes({ address: 2 ** 52 }),
      'Cannot read efi_info: expected an EFI memory map, found 48 bytes of descriptors of 48 bytes',
    ],
  ])('refuses %s', (_what, bytes, message) => {
    expect(() => readEfiMapLocation(bytes)).toThrow(new FormatError(message));
  });
});

describe('readEfiMemoryMap()', () => {
  const map = efiMapBytes([
    { type: 7, start: 0x1000n, pages: 0x9fn },
    { type: 4, start: 0x10_0000n, pages: 0n },
  ]);

  it('returns descriptors in their order, including empty ones', () => {
    expect(readEfiMemoryMap(map, 48)).toEqual([
      { type: 7, range: physRange(0x1000, 0xa0000), attribute: 0xfn },
      { type: 4, range: physRange(0x10_0000, 0x10_0000), attribute: 0xfn },
    ]);
  });

  it('separates neighbours that the kernel has merged, with their type and attribute', () => {
    const kernels = efiMapBytes([
      { type: 4, start: 0x0n, pages: 5n, attribute: 0x800000000000000fn },
      { type: 0, start: 0x1000n, pages: 1n, attribute: 0n },
      { type: 0, start: 0x2000n, pages: 3n, attribute: 0n },
      { type: 7, start: 0x5000n, pages: 1n },
      { type: 0, start: 0x6000n, pages: 2n },
      { type: 0, start: 0x7000n, pages: 1n, attribute: 0n },
    ]);
    expect(readEfiMemoryMap(kernels, 48)).toEqual([
      { type: 4, range: physRange(0, 0x1000), attribute: 0x800000000000000fn },
      { type: 4, range: physRange(0x1000, 0x2000), attribute: 0x800000000000000fn },
      { type: 4, range: physRange(0x2000, 0x5000), attribute: 0x800000000000000fn },
      { type: 7, range: physRange(0x5000, 0x6000), attribute: 0xfn },
      { type: 0, range: physRange(0x6000, 0x7000), attribute: 0xfn },
      { type: 0, range: physRange(0x7000, 0x8000), attribute: 0xfn },
    ]);
  });

  it.each([
    { what: 'that is the first', entries: [{ type: 0, start: 0x1000n, attribute: 0n }] },
    {
      what: 'that lies after its neighbour',
      entries: [
        { type: 4, start: 0x0n },
        { type: 0, start: 0x1000n, attribute: 0n },
      ],
    },
    {
      what: 'where its neighbour begins',
      entries: [
        { type: 4, start: 0x1000n },
        { type: 0, start: 0x1000n, attribute: 0n },
      ],
    },
    {
      what: 'that ends after its neighbour',
      entries: [
        { type: 4, start: 0x1000n, pages: 2n },
        { type: 0, start: 0x2000n, pages: 2n, attribute: 0n },
      ],
    },
    {
      what: 'of another type',
      entries: [
        { type: 4, start: 0x1000n, pages: 2n },
        { type: 5, start: 0x2000n, attribute: 0n },
      ],
    },
    {
      what: 'with an attribute',
      entries: [
        { type: 4, start: 0x1000n, pages: 2n },
        { type: 0, start: 0x2000n, attribute: 1n },
      ],
    },
  ])('leaves an entry as it is $what', ({ entries }) => {
    const given = entries.map((entry) => ({ pages: 1n, attribute: 0xfn, ...entry }));
    const range = ({ start, pages }: (typeof given)[number]): PhysRange =>
      physRange(Number(start), Number(start + pages * 0x1000n));
    expect(readEfiMemoryMap(efiMapBytes(given), 48)).toEqual(
      given.map((entry) => ({ type: entry.type, range: range(entry), attribute: entry.attribute })),
    );
  });

  it('returns ranges that end after they begin, even for unsorted entries', () => {
    const lie = efiMapBytes([
      { type: 4, start: 0x0n, pages: 9n },
      { type: 0, start: 0x5000n, pages: 1n, attribute: 0n },
      { type: 0, start: 0x2000n, pages: 1n, attribute: 0n },
    ]);
    const ranges = readEfiMemoryMap(lie, 48).map(({ range }) => range);
    expect(ranges).toEqual([
      physRange(0, 0x5000),
      physRange(0x5000, 0x6000),
      physRange(0x2000, 0x3000),
    ]);
  });

  it.each([
    [
      'a map that is cut',
      map.subarray(0, 95),
      'Cannot read the EFI memory map: expected descriptors of 48 bytes, found 95 bytes',
    ],
    [
      'an empty map',
      map.subarray(0, 0),
      'Cannot read the EFI memory map: expected descriptors of 48 bytes, found 0 bytes',
    ],
    [
      'a descriptor that ends beyond 52 bits',
      efiMapBytes([{ type: 7, start: 0n, pages: 2n ** 40n + 1n }]),
      'Cannot read the EFI memory map: descriptor 0 ends at 0x10000000001000, beyond 52 bits',
    ],
    [
      'a descriptor whose end wraps round',
      efiMapBytes([{ type: 7, start: 2n ** 64n - 1n, pages: 2n ** 64n - 1n }]),
      'Cannot read the EFI memory map: descriptor 0 ends at 0x1000ffffffffffffefff, beyond 52 bits',
    ],
  ])('refuses %s', (_what, bytes, message) => {
    expect(() => readEfiMemoryMap(bytes, 48)).toThrow(new FormatError(message));
  });
});
