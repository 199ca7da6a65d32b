// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { readInitrd } from './boot-params.ts';
import { physRange } from './phys-range.ts';

/** A page of `boot_params` with these halves of an address and a size. */
function page(halves: {
  readonly image?: number;
  readonly size?: number;
  readonly imageHigh?: number;
  readonly sizeHigh?: number;
}): Uint8Array {
  const bytes = Buffer.alloc(4096);
  bytes.writeUInt32LE(halves.imageHigh ?? 0, 0x0c0);
  bytes.writeUInt32LE(halves.sizeHigh ?? 0, 0x0c4);
  bytes.writeUInt32LE(halves.image ?? 0, 0x218);
  bytes.writeUInt32LE(halves.size ?? 0, 0x21c);
  return bytes;
}

describe('the initrd', () => {
  it.each([
    {
      where: 'below 4 GiB',
      bytes: page({ image: 0x3cd1_8000, size: 0x64_0600 }),
      range: physRange(0x3cd1_8000, 0x3d35_9000),
    },
    {
      where: 'above 4 GiB',
      bytes: page({ imageHigh: 1, image: 0x2000, size: 0x1000 }),
      range: physRange(0x1_0000_2000, 0x1_0000_3000),
    },
    {
      where: 'across 4 GiB',
      bytes: page({ image: 0x1000, size: 1, sizeHigh: 1 }),
      range: physRange(0x1000, 0x1_0000_2000),
    },
  ])('is found $where, in whole pages', ({ bytes, range }) => {
    expect(readInitrd(bytes)).toEqual(range);
  });

  it.each([
    { what: 'an address', bytes: page({ size: 1 }) },
    { what: 'a size', bytes: page({ image: 1 }) },
  ])('does not exist without $what', ({ bytes }) => {
    expect(readInitrd(bytes)).toBeNull();
  });

  it.each([
    {
      lie: 'a page that is cut',
      bytes: page({}).subarray(0, 543),
      message: 'Cannot read boot_params: expected 544 bytes, found 543',
    },
    {
      lie: 'one that ends beyond 52 bits',
      bytes: page({ imageHigh: 0xf_ffff, image: 0xffff_f000, size: 0x1001 }),
      message: 'Cannot read boot_params: expected an initrd, found 0x1001 bytes at 0xffffffffff000',
    },
  ])('is refused in $lie', ({ bytes, message }) => {
    expect(() => readInitrd(bytes)).toThrow(new FormatError(message));
  });

  it('needs only the bytes of its fields, and reaches up to 52 bits', () => {
    const bytes = page({ imageHigh: 0xf_ffff, image: 0xffff_f000, size: 0x1000 });
    const range = physRange(2 ** 52 - 0x1000, 2 ** 52);
    expect(readInitrd(bytes.subarray(0, 544))).toEqual(range);
  });
});
