// SPDX-License-Identifier: MIT
import { FormatError, UnsupportedFormatError } from '../../errors.ts';
import { printableText } from '../../memory/printable-text.ts';

/** Bytes at the start of a file that identify its format: of some only the second page does. */
export const HEAD_BYTES = 8192;

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
const MAKEDUMPFILE = 'convert it with makedumpfile';
const VMSS2CORE = 'use vmss2core';

/** The first that fits counts. Numbers are little-endian in these files. */
const KNOWN_FORMATS: readonly KnownFormat[] = [
  { magic: [0x1f, 0x8b], name: 'compressed with gzip', advice: DECOMPRESS },
  { magic: '\xfd7zXZ\0', name: 'compressed with xz', advice: DECOMPRESS },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], name: 'compressed with zstd', advice: DECOMPRESS },
  { magic: '\x89LZO\0\r\n\x1a\n', name: 'compressed with lzop', advice: DECOMPRESS },
  { magic: 'BZh', name: 'compressed with bzip2', advice: DECOMPRESS },
  { magic: [0x04, 0x22, 0x4d, 0x18], name: 'compressed with lz4', advice: DECOMPRESS },
  { magic: [0x02, 0x21, 0x4c, 0x18], name: 'compressed with lz4', advice: DECOMPRESS },
  { magic: 'LZIP', name: 'compressed with lzip', advice: DECOMPRESS },
  { magic: [0x5d, 0, 0], name: 'compressed with lzma', advice: DECOMPRESS },
  { magic: 'PK\x03\x04', name: 'a zip archive', advice: UNPACK },
  { magic: '7z\xbc\xaf\x27\x1c', name: 'a 7z archive', advice: UNPACK },
  { magic: 'ustar', at: 257, name: 'a tar archive', advice: UNPACK },
  { magic: '!<arch>\n', name: 'an ar archive', advice: UNPACK },
  { magic: 'HdrS', at: 0x202, name: 'a kernel image (bzImage)', advice: 'name a dump' },
  { magic: 'DISKDUMP', name: 'a diskdump dump' },
  { magic: [0xed, 0x23, 0x8f, 0x61, 0x73, 0x01, 0x19, 0xa8], name: 'an LKCD dump' },
  { magic: [0xa8, 0x19, 0x01, 0x73, 0x61, 0x8f, 0x23, 0xed], name: 'a big-endian LKCD dump' },
  { magic: [0xa8, 0x19, 0x01, 0x73, 0x61, 0x8f, 0x23, 0xfd], name: 'an s390 stand-alone dump' },
  { magic: 'sadump\0\0', name: 'a Fujitsu sadump dump', advice: MAKEDUMPFILE },
  // After the header of a medium, of which nothing is fixed (`struct sadump_media_header`).
  {
    magic: 'sadump\0\0',
    at: 4096,
    name: 'a Fujitsu sadump dump on backup media',
    advice: MAKEDUMPFILE,
  },
  { magic: 'FUJITSU', name: 'a Fujitsu sadump dump', advice: MAKEDUMPFILE },
  { magic: 'EMiL\x01\0\0\0', name: 'a memory image of LiME, or of AVML without compression' },
  { magic: 'EMiL', name: 'a memory image of LiME, of an unknown version' },
  { magic: 'LiME', name: 'a big-endian memory image of LiME' },
  { magic: 'AVML\x02\0\0\0', name: 'a compressed memory image of AVML' },
  { magic: 'AVML', name: 'a memory image of AVML, of an unknown version' },
  { magic: 'PAGEDU64', name: 'a Windows crash dump' },
  { magic: 'PAGEDUMP', name: 'a Windows crash dump' },
  { magic: 'MDMP', name: 'a Windows minidump' },
  { magic: 'minidump FreeBSD', name: 'a FreeBSD crash dump' },
  { magic: 'FreeBSD Kernel Dump', name: 'a FreeBSD crash dump' },
  { magic: [0xcf, 0xfa, 0xed, 0xfe], name: 'a Mach-O file, as macOS dumps its kernel' },
  { magic: [0xce, 0xfa, 0xed, 0xfe], name: 'a 32-bit Mach-O file, as macOS dumps its kernel' },
  { magic: [0xfe, 0xed, 0xfa, 0xcf], name: 'a big-endian Mach-O file' },
  { magic: [0xfe, 0xed, 0xfa, 0xce], name: 'a big-endian 32-bit Mach-O file' },
  // 0xbed0bed0 and so on (`CPTDUMP_*_MAGIC_NUMBER`).
  { magic: [0xd0, 0xbe, 0xd0, 0xbe], name: 'a VMware saved state', advice: VMSS2CORE },
  { magic: [0xd2, 0xbe, 0xd2, 0xbe], name: 'a VMware saved state', advice: VMSS2CORE },
  { magic: [0xd0, 0xbe, 0xd2, 0xbe], name: 'a VMware saved state', advice: VMSS2CORE },
  { magic: [0xd3, 0xbe, 0xd3, 0xbe], name: 'a partial VMware saved state', advice: VMSS2CORE },
  { magic: [0xd1, 0xba, 0xd1, 0xba], name: 'a restored VMware saved state', advice: VMSS2CORE },
  {
    magic: [0xd2, 0xba, 0xd2, 0xba],
    name: 'a VMware saved state that is not to be restored',
    advice: VMSS2CORE,
  },
  {
    magic: '\x7fVirtualBox SavedState ',
    name: 'a VirtualBox saved state',
    advice: 'use "VBoxManage debugvm <name> dumpvmcore"',
  },
  { magic: [0x14, 0x20, 0x28, 0x01], name: 'a Hyper-V saved state (vmrs)' },
  { magic: 'Xen saved domain', name: 'a Xen saved domain' },
  { magic: 'XenSavedDomain', name: 'a Xen saved domain' },
  { magic: 'LinuxGuestRecord', name: 'a Xen saved domain' },
  { magic: 'libvirt-xml\n', name: 'a Xen saved domain of libvirt' },
  { magic: [0xed, 0xeb, 0x0f, 0xf0], name: 'a Xen dump of an old form (xm dump-core)' },
  { magic: [0xee, 0xeb, 0x0f, 0xf0], name: 'a Xen dump of an old form (xm dump-core)' },
  { magic: 'LibvirtQemudSave', name: 'a libvirt saved state', advice: VIRSH },
  { magic: 'LibvirtQemudPart', name: 'a libvirt saved state, not finished', advice: VIRSH },
  { magic: 'QEVM', name: 'a QEMU saved state', advice: 'use "dump-guest-memory"' },
  { magic: 'QFI\xfb', name: 'a QEMU disk image', advice: 'copy the dump out of it' },
  { magic: 'KDMV', name: 'a VMware disk image', advice: 'copy the dump out of it' },
  { magic: 'vhdxfile', name: 'a Hyper-V disk image', advice: 'copy the dump out of it' },
  { magic: 'S1SUSPEND\0', at: 4086, name: 'swap space with a hibernated machine' },
  { magic: 'SWAPSPACE2', at: 4086, name: 'swap space' },
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
const TEXT_BYTES = 512;
const SHOWN_CHARACTERS = 40;
const SHOWN_BYTES = 8;

function describe(head: Uint8Array): string {
  if (head.length === 0) return 'an empty file';
  if (head.every((byte) => byte === 0)) {
    return 'zeroes at its start: it is raw memory, or a dump whose making did not end';
  }
  const text = Buffer.from(head.subarray(0, TEXT_BYTES)).toString('latin1');
  if (TEXT.test(text)) return `text ("${printableText(text.slice(0, SHOWN_CHARACTERS))}")`;
  return `"${Buffer.from(head.subarray(0, SHOWN_BYTES)).toString('hex')}" at its start`;
}
