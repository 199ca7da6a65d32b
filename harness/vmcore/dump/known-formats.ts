// SPDX-License-Identifier: MIT
import { FormatError, UnsupportedFormatError } from '../../errors.ts';
import { printableText } from '../../memory/printable-text.ts';

/** Bytes at the start of a file that identify its format. */
export const HEAD_BYTES = 512;

/** A format that sub1m knows but does not read, by the bytes that its files have at `at`. */
interface KnownFormat {
  readonly magic: readonly number[] | string;
  readonly at?: number;
  readonly name: string;
  /** How to get a dump that sub1m reads. */
  readonly advice?: string;
}

const DECOMPRESS = 'decompress it first';
const UNPACK = 'unpack it first';
const VIRSH = 'make one with "virsh dump --memory-only"';

const KNOWN_FORMATS: readonly KnownFormat[] = [
  { magic: [0x1f, 0x8b], name: 'compressed with gzip', advice: DECOMPRESS },
  { magic: '\xfd7zXZ\0', name: 'compressed with xz', advice: DECOMPRESS },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], name: 'compressed with zstd', advice: DECOMPRESS },
  { magic: '\x89LZO\0\r\n\x1a\n', name: 'compressed with lzop', advice: DECOMPRESS },
  { magic: 'BZh', name: 'compressed with bzip2', advice: DECOMPRESS },
  { magic: [0x04, 0x22, 0x4d, 0x18], name: 'compressed with lz4', advice: DECOMPRESS },
  { magic: 'PK\x03\x04', name: 'a zip archive', advice: UNPACK },
  { magic: '7z\xbc\xaf\x27\x1c', name: 'a 7z archive', advice: UNPACK },
  { magic: 'ustar', at: 257, name: 'a tar archive', advice: UNPACK },
  { magic: '!<arch>\n', name: 'an ar archive', advice: UNPACK },
  { magic: 'DISKDUMP', name: 'a diskdump dump' },
  { magic: [0xed, 0x23, 0x8f, 0x61, 0x73, 0x01, 0x19, 0xa8], name: 'an LKCD dump' },
  { magic: [0xa8, 0x19, 0x01, 0x73, 0x61, 0x8f, 0x23, 0xed], name: 'a big-endian LKCD dump' },
  { magic: [0xa8, 0x19, 0x01, 0x73, 0x61, 0x8f, 0x23, 0xfd], name: 'an s390 stand-alone dump' },
  {
    magic: 'sadump\0\0',
    name: 'a Fujitsu sadump dump',
    advice: 'convert it with makedumpfile',
  },
  { magic: 'FUJITSU', name: 'a Fujitsu sadump dump', advice: 'convert it with makedumpfile' },
  { magic: 'EMiL', name: 'a LiME memory image' },
  { magic: 'PAGEDU64', name: 'a Windows crash dump' },
  { magic: 'PAGEDUMP', name: 'a Windows crash dump' },
  { magic: [0xd2, 0xbe, 0xd2, 0xbe], name: 'a VMware saved state', advice: 'use vmss2core' },
  { magic: 'LibvirtQemudSave', name: 'a libvirt saved state', advice: VIRSH },
  { magic: 'QEVM', name: 'a QEMU saved state', advice: 'use "dump-guest-memory"' },
  { magic: 'QFI\xfb', name: 'a QEMU disk image', advice: 'copy the dump out of it' },
];

/** Throws a `FormatError` that says what a file is, given that it is no dump that sub1m reads. */
export function refuseUnknown(head: Uint8Array): never {
  const known = KNOWN_FORMATS.find((format) => beginsWith(head, format));
  if (known) {
    const advice = known.advice === undefined ? '' : `: ${known.advice}`;
    throw new UnsupportedFormatError(`Cannot read this file: it is ${known.name}${advice}`);
  }
  throw new FormatError(`Cannot read this file: expected a vmcore, found ${describe(head)}`);
}

function beginsWith(head: Uint8Array, { magic, at = 0 }: KnownFormat): boolean {
  const bytes = typeof magic === 'string' ? Buffer.from(magic, 'latin1') : Buffer.from(magic);
  return bytes.equals(head.subarray(at, at + bytes.length));
}

/** Printable bytes and white space are taken for text. */
const TEXT = /^[\t\n\r -~\u0080-\u00ff]+$/;
const SHOWN_CHARACTERS = 40;
const SHOWN_BYTES = 8;

function describe(head: Uint8Array): string {
  if (head.length === 0) return 'an empty file';
  if (head.every((byte) => byte === 0)) return 'zeroes at its start';
  const text = Buffer.from(head).toString('latin1');
  if (TEXT.test(text)) return `text ("${printableText(text.slice(0, SHOWN_CHARACTERS))}")`;
  return `"${Buffer.from(head.subarray(0, SHOWN_BYTES)).toString('hex')}" at its start`;
}
