// SPDX-License-Identifier: MIT
import { FormatError, UnsupportedFormatError } from '../../errors.ts';
import { printableText } from '../../memory/printable-text.ts';

/** Bytes at the beginning of a file that tell what it is, if it is none of the formats that sub1m reads. */
export const HEAD_BYTES = 512;

/** A format by the bytes that a file of it has at `at`. */
interface KnownFormat {
  readonly magic: readonly number[] | string;
  readonly at?: number;
  readonly name: string;
  /** What makes a dump of it that sub1m reads. */
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
  { magic: 'DISKDUMP', name: 'a dump of diskdump' },
  { magic: [0xed, 0x23, 0x8f, 0x61, 0x73, 0x01, 0x19, 0xa8], name: 'a dump of LKCD' },
  { magic: [0xa8, 0x19, 0x01, 0x73, 0x61, 0x8f, 0x23, 0xed], name: 'a big-endian dump of LKCD' },
  { magic: [0xa8, 0x19, 0x01, 0x73, 0x61, 0x8f, 0x23, 0xfd], name: 'a stand-alone dump of s390' },
  {
    magic: 'sadump\0\0',
    name: "a dump of Fujitsu's sadump",
    advice: 'convert it with makedumpfile',
  },
  { magic: 'FUJITSU', name: "a dump of Fujitsu's sadump", advice: 'convert it with makedumpfile' },
  { magic: 'EMiL', name: 'a memory image of LiME' },
  { magic: 'PAGEDU64', name: 'a crash dump of Windows' },
  { magic: 'PAGEDUMP', name: 'a crash dump of Windows' },
  { magic: [0xd2, 0xbe, 0xd2, 0xbe], name: 'a saved state of VMware', advice: 'use vmss2core' },
  { magic: 'LibvirtQemudSave', name: 'a saved state of libvirt', advice: VIRSH },
  { magic: 'QEVM', name: 'a saved state of QEMU', advice: 'use "dump-guest-memory"' },
  { magic: 'QFI\xfb', name: 'a disk image of QEMU', advice: 'copy the dump out of it' },
];

/** Says what a file is that is no dump which sub1m reads; never gives anything back. */
export function refuseUnknown(head: Uint8Array): never {
  const known = KNOWN_FORMATS.find((format) => beginsWith(head, format));
  if (known) {
    const advice = known.advice === undefined ? '' : `: ${known.advice}`;
    throw new UnsupportedFormatError(`Cannot read this file: it is ${known.name}${advice}`);
  }
  throw new FormatError(`Cannot read this file: a vmcore wanted, ${describe(head)} found`);
}

function beginsWith(head: Uint8Array, { magic, at = 0 }: KnownFormat): boolean {
  const bytes = typeof magic === 'string' ? Buffer.from(magic, 'latin1') : Buffer.from(magic);
  return bytes.equals(head.subarray(at, at + bytes.length));
}

/** Text is of printable bytes and white space, as far as one sees. */
const TEXT = /^[\t\n\r -~\u0080-\u00ff]+$/;
const SHOWN_CHARACTERS = 40;
const SHOWN_BYTES = 8;

function describe(head: Uint8Array): string {
  if (head.length === 0) return 'an empty file';
  if (head.every((byte) => byte === 0)) return 'zeroes at its beginning';
  const text = Buffer.from(head).toString('latin1');
  if (TEXT.test(text)) return `text ("${printableText(text.slice(0, SHOWN_CHARACTERS))}")`;
  return `"${Buffer.from(head.subarray(0, SHOWN_BYTES)).toString('hex')}" at its beginning`;
}
