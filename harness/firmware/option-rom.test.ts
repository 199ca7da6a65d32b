// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { ROM_BAR_BYTES, packOptionRom } from './option-rom.ts';

/** Something that begins like a PE image. */
function driverOf(length: number): Uint8Array {
  const driver = new Uint8Array(length).fill(0xcc);
  driver.set([0x4d, 0x5a]);
  return driver;
}

it('is an option ROM of one EFI boot service driver, padded to units of 512 bytes', () => {
  const driver = driverOf(1000);
  const rom = packOptionRom(driver);
  expect(rom.length).toBe(1536);
  expect(
    Buffer.from(rom.subarray(0, 0x38))
      .toString('hex')
      .match(/.{1,32}/g),
  ).toEqual([
    '55aa0300f10e00000b00648600000000', // signature, 3 units, EFI, subsystem 11, x64, not compressed
    '00000000000038001c00000050434952', // image at 0x38, PCIR at 0x1c
    '361b050000001c000300000003000000', // 1b36:0005, PCI 3.0, 3 units
    '0380000000000000', // code type EFI, the last image
  ]);
  expect(rom.subarray(0x38, 0x38 + 1000)).toEqual(driver);
  expect(rom.subarray(0x38 + 1000).every((byte) => byte === 0)).toBe(true);
});

it('fills its BAR and no more', () => {
  expect(packOptionRom(driverOf(ROM_BAR_BYTES - 0x38)).length).toBe(ROM_BAR_BYTES);
  expect(() => packOptionRom(driverOf(ROM_BAR_BYTES - 0x37))).toThrow(
    new FormatError(
      'Cannot pack the option ROM: expected at most 65536 bytes, its BAR, found 66048',
    ),
  );
});

it.each([[[]], [[0x4d]], [[0x7f, 0x45, 0x4c, 0x46]]])(
  'takes no driver that is no PE image',
  (bytes) => {
    expect(() => packOptionRom(Uint8Array.from(bytes))).toThrow(
      new FormatError('Cannot pack the option ROM: expected a PE image ("MZ")'),
    );
  },
);
