// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { FormatError, UnsupportedFormatError } from '../errors.ts';
import { type BzImageFields, bzImage } from './testing/bz-image-builder.ts';
import { parseKernelRelease } from './kernel-image.ts';

function release(image: Uint8Array, fileBytes = image.length): string {
  return parseKernelRelease(image, { path: 'k', fileBytes });
}

it.each<[BzImageFields, string]>([
  [{}, '6.12.43-test'],
  [{ text: '5.10.0-46-cloud-amd64' }, '5.10.0-46-cloud-amd64'],
  // Zero sectors mean four.
  [{ setup_sects: 0 }, '6.12.43-test'],
])('reads the release of a kernel with %o', (fields, wanted) => {
  expect(release(bzImage(fields))).toBe(wanted);
});

it('needs only the beginning of a file', () => {
  expect(release(bzImage().subarray(0, 0x800), 1e9)).toBe('6.12.43-test');
});

it.each([
  {
    what: 'cut by a byte',
    image: bzImage().subarray(0, -1),
    message: 'Cannot read k: expected 5120 bytes as its header says, found 5119; copy it again',
  },
  {
    what: 'cut in the setup',
    image: bzImage().subarray(0, 0x238),
    message: 'Cannot read k: expected 5120 bytes as its header says, found 568; copy it again',
  },
  {
    what: 'without release',
    image: bzImage({ text: '' }),
    message: 'Cannot read k: no release at 0x600',
  },
  {
    what: 'whose release lies outside the setup',
    image: bzImage({ kernel_version: 0xfff0 }),
    message: 'Cannot read k: no release at 0x101f0',
  },
])('refuses a kernel $what', ({ image, message }) => {
  expect(() => release(image)).toThrow(new FormatError(message));
});

it.each([
  {
    what: 'of an old protocol',
    fields: { version: 0x020b },
    message: 'Cannot boot k: expected boot protocol 0x20c, found 0x20b',
  },
  {
    what: 'for 32 bits',
    fields: { xloadflags: 0x7e },
    message: 'Cannot boot k: expected x86-64, found a 32-bit kernel',
  },
  {
    what: 'without EFI stub',
    fields: { mz: '\xea\x05' },
    message: 'Cannot boot k: no EFI stub; set CONFIG_EFI_STUB=y',
  },
])('does not support a kernel $what', ({ fields, message }) => {
  expect(() => release(bzImage(fields))).toThrow(new UnsupportedFormatError(message));
});

function file(magic: string): Uint8Array {
  const bytes = Buffer.alloc(4096);
  bytes.write(magic, 'latin1');
  return bytes;
}

it.each([
  ['a file of 0 bytes', new Uint8Array()],
  ['a file of 567 bytes', bzImage().subarray(0, 0x237)],
  ['an ELF file (vmlinux?)', file('\x7fELF')],
  ['gzip data', file('\x1f\x8b\x08')],
  ['xz data', file('\xfd7zXZ\0')],
  ['zstd data', file('\x28\xb5\x2f\xfd')],
  ['an EFI program', file('MZ')],
  ['an unknown format', file('#!/bin/sh')],
  ['an EFI program', bzImage({ boot_flag: 0xaa54 })],
])('says that %s is not a kernel', (found, bytes) => {
  expect(() => release(bytes)).toThrow(
    new FormatError(
      `Cannot use k as a kernel: expected a bzImage or .deb, found ${found}; ` +
        'after a build the image is arch/x86/boot/bzImage',
    ),
  );
});
