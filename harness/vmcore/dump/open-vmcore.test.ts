// SPDX-License-Identifier: MIT
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FormatError, UnsupportedFormatError } from '../../errors.ts';
import { physAddr } from '../../memory/pfn.ts';
import { bytesSource } from './byte-source.ts';
import { elfHeaders } from '../testing/elf-builder.ts';
import { kdumpBytes, rawPage, zlibPage } from '../testing/kdump-builder.ts';
import { type Vmcore, openVmcore } from './open-vmcore.ts';
import {
  type NoteSpec,
  elfCoreBytes,
  flattenedBytes,
  pageOf,
  prstatusNote,
  vmcoreinfoNote,
} from '../testing/vmcore-builder.ts';

const NOTES = [
  prstatusNote(0, { ip: 0xffffffff81000000n }),
  prstatusNote(42),
  vmcoreinfoNote(['OSRELEASE=6.12.0', 'NUMBER(phys_base)=0']),
];
const LOAD = { paddr: 0x1000, bytes: pageOf(7) };
const ELF = elfCoreBytes(NOTES, [LOAD]);
const KDUMP = kdumpBytes({
  pages: [zlibPage(1, pageOf(7))],
  notes: NOTES.slice(0, 2),
  vmcoreinfo: 'OSRELEASE=6.12.0\n',
});
const SPLIT = kdumpBytes({
  pages: [rawPage(2, pageOf(7))],
  split: { first: 2, end: 3 },
  filtered: [1],
});

const open = (bytes: Uint8Array): Vmcore => openVmcore(bytesSource(bytes));
const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');

describe('openVmcore()', () => {
  it.each([
    { what: 'an ELF core', bytes: ELF },
    { what: 'a kdump-compressed dump', bytes: KDUMP },
    { what: 'one of the files of a split dump', bytes: SPLIT },
  ])('says how much is missing of $what', ({ bytes }) => {
    const lacks = [0, 1, 20].map((cut) => open(bytes.subarray(0, bytes.length - cut)).lacks);
    expect(lacks).toEqual([0, 1, 20]);
  });

  it('says how much is missing of a dump that is cut off in its descriptors', () => {
    const pages = [rawPage(1, pageOf(1)), rawPage(2, pageOf(2))];
    expect(open(kdumpBytes({ pages }).subarray(0, 0x4000 + 30)).lacks).toBe(18);
  });

  it('misses nothing in a dump that says it is incomplete', () => {
    const pages = [{ ...rawPage(1, pageOf(1)), offset: 0n }];
    expect(open(kdumpBytes({ pages, status: 0x9 })).lacks).toBe(0);
  });

  it.each([
    { format: 'elf', isFlat: false, bytes: ELF },
    { format: 'kdump-compressed', isFlat: false, bytes: KDUMP },
    { format: 'elf', isFlat: true, bytes: flattenedBytes(ELF, 3000) },
    { format: 'kdump-compressed', isFlat: true, bytes: flattenedBytes(KDUMP, 3000) },
  ])('opens $format, flattened: $isFlat', ({ format, isFlat, bytes }) => {
    const vmcore = open(bytes);
    expect({
      format: vmcore.format,
      flattened: vmcore.flattened,
      size: vmcore.size,
      release: vmcore.vmcoreinfo?.release,
      cpus: vmcore.cpus.map(({ pid, registers }) => [pid, registers.ip]),
      bytes: [...vmcore.memory.read(physAddr(0x1ffe), 2)],
    }).toEqual({
      format,
      flattened: isFlat,
      size: bytes.length,
      release: '6.12.0',
      cpus: [
        [0, 0xffffffff81000000n],
        [42, 0n],
      ],
      bytes: [7, 7],
    });
  });

  it('opens a QEMU dump without VMCOREINFO', () => {
    const qemu = { name: 'QEMU', type: 0, desc: new Uint8Array(440) };
    const vmcore = open(elfCoreBytes([prstatusNote(1), qemu], [LOAD]));
    expect([vmcore.vmcoreinfo, vmcore.cpus.length, vmcore.notes.length]).toEqual([null, 1, 2]);
  });

  it('takes the VMCOREINFO of a kdump-compressed dump from its notes if it is only there', () => {
    const vmcore = open(kdumpBytes({ pages: [zlibPage(1, pageOf(7))], notes: NOTES }));
    expect(vmcore.vmcoreinfo?.release).toBe('6.12.0');
  });

  /** A file that has these bytes at an offset. */
  const withBytes = (at: number, text: string): Uint8Array => {
    const file = Buffer.alloc(8192, 0xcc);
    file.write(text, at, 'latin1');
    return file;
  };

  it.each([
    { bytes: gzipSync(ELF), is: 'compressed with gzip: decompress it first' },
    { bytes: ascii('\xfd7zXZ\0\0'), is: 'compressed with xz: decompress it first' },
    { bytes: ascii('\x28\xb5\x2f\xfd'), is: 'compressed with zstd: decompress it first' },
    { bytes: ascii('\x89LZO\0\r\n\x1a\n'), is: 'compressed with lzop: decompress it first' },
    { bytes: ascii('\x02\x21\x4c\x18'), is: 'compressed with lz4: decompress it first' },
    { bytes: withBytes(257, 'ustar'), is: 'a tar archive: unpack it first' },
    { bytes: withBytes(0x202, 'HdrS'), is: 'a kernel image (bzImage): name a dump' },
    { bytes: ascii('DISKDUMP\x05'), is: 'a diskdump dump' },
    { bytes: ascii('\xed\x23\x8f\x61\x73\x01\x19\xa8\x09'), is: 'an LKCD dump' },
    { bytes: ascii('\xa8\x19\x01\x73\x61\x8f\x23\xfd\0'), is: 'an s390 stand-alone dump' },
    {
      bytes: ascii('sadump\0\0\x01'),
      is: 'a Fujitsu sadump dump: convert it with makedumpfile',
    },
    {
      bytes: withBytes(4096, 'sadump\0\0'),
      is: 'a Fujitsu sadump dump on backup media: convert it with makedumpfile',
    },
    {
      bytes: ascii('EMiL\x01\0\0\0\0'),
      is: 'a memory image of LiME, or of AVML without compression',
    },
    { bytes: ascii('EMiL\x02\0\0\0'), is: 'a memory image of LiME, of an unknown version' },
    { bytes: ascii('LiME\0\0\0\x01'), is: 'a big-endian memory image of LiME' },
    // As a file made with a peer's test-data maker, and the next version.
    { bytes: ascii('AVML\x02\0\0\0\0'), is: 'a compressed memory image of AVML' },
    { bytes: ascii('AVML\x03\0\0\0\0'), is: 'a memory image of AVML, of an unknown version' },
    { bytes: ascii('MDMP\x93\xa7'), is: 'a Windows minidump' },
    { bytes: ascii('minidump FreeBSD/amd64\0'), is: 'a FreeBSD crash dump' },
    {
      bytes: ascii('\xcf\xfa\xed\xfe\x07\0\0\x01'),
      is: 'a Mach-O file, as macOS dumps its kernel',
    },
    { bytes: ascii('\xfe\xed\xfa\xce'), is: 'a big-endian 32-bit Mach-O file' },
    { bytes: ascii('\xd0\xbe\xd0\xbe\0'), is: 'a VMware saved state: use vmss2core' },
    { bytes: ascii('\xd2\xbe\xd2\xbe\0'), is: 'a VMware saved state: use vmss2core' },
    { bytes: ascii('\xd3\xbe\xd3\xbe\0'), is: 'a partial VMware saved state: use vmss2core' },
    { bytes: ascii('\xd1\xba\xd1\xba\0'), is: 'a restored VMware saved state: use vmss2core' },
    {
      bytes: ascii('\xd2\xba\xd2\xba\0'),
      is: 'a VMware saved state that is not to be restored: use vmss2core',
    },
    {
      bytes: ascii('\x7fVirtualBox SavedState V2.0\n'),
      is: 'a VirtualBox saved state: use "VBoxManage debugvm <name> dumpvmcore"',
    },
    { bytes: ascii('\x14\x20\x28\x01\0'), is: 'a Hyper-V saved state (vmrs)' },
    { bytes: ascii('Xen saved domain, xl format\n \0 \r'), is: 'a Xen saved domain' },
    { bytes: ascii('\xee\xeb\x0f\xf0'), is: 'a Xen dump of an old form (xm dump-core)' },
    { bytes: withBytes(4086, 'SWAPSPACE2'), is: 'swap space' },
    { bytes: withBytes(4086, 'S1SUSPEND\0'), is: 'swap space with a hibernated machine' },
    { bytes: flattenedBytes(ascii('DISKDUMP'), 3000), is: 'a diskdump dump' },
  ])('names what it does not read: $is', ({ bytes, is }) => {
    expect(() => open(bytes)).toThrow(
      new UnsupportedFormatError(`Cannot read this file: it is ${is}`),
    );
  });

  it.each<{ notes: readonly NoteSpec[]; found: string }>([
    {
      notes: [{ name: 'Xen', type: 0x1000001, desc: [1] }],
      found: 'expected a dump of a Linux kernel, found one of Xen',
    },
    {
      notes: [prstatusNote(7), { name: 'CORE', type: 6, desc: [] }],
      found: 'expected a dump of a kernel, found a core file of a process',
    },
  ])('names a core that is no vmcore: $found', ({ notes, found }) => {
    expect(() => open(elfCoreBytes(notes, [LOAD]))).toThrow(
      new UnsupportedFormatError(`Cannot read this dump: ${found}`),
    );
  });

  it("names Xen's core, which has sections in place of program headers", () => {
    expect(() => open(coreOfSections('\0.note.Xen\0.xen_pages\0'))).toThrow(
      new UnsupportedFormatError(
        'Cannot read this dump: expected a dump of a Linux kernel, found one of Xen',
      ),
    );
  });

  it.each([
    { bytes: ascii(''), found: 'an empty file' },
    {
      bytes: new Uint8Array(10_000),
      found: 'zeroes at its start: it is raw memory, or a dump whose making did not end',
    },
    {
      bytes: ascii('[    0.000000] Linux version 6.12.0\n'),
      found: 'text ("[    0.000000] Linux version 6.12.0")',
    },
    { bytes: ascii('\x01\x02\x03'), found: '"010203" at its start' },
    { bytes: ascii('KDUMP  \0'), found: '"4b44554d50202000" at its start' },
  ])('refuses what is no vmcore: $found', ({ bytes, found }) => {
    expect(() => open(bytes)).toThrow(
      new FormatError(`Cannot read this file: expected a vmcore, found ${found}`),
    );
  });

  it.each([
    { bytes: elfHeaders([]), message: 'this ELF core file: expected a PT_LOAD, found none' },
    {
      bytes: coreOfSections('\0.text\0'),
      message: 'this ELF core file: expected a PT_LOAD, found none',
    },
    {
      bytes: elfHeaders([{ type: 4, offset: 0x78, memoryBytes: 0x800001 }]),
      message: 'the notes: expected at most 8388608 bytes, found 8388609',
    },
    {
      bytes: elfHeaders([{ type: 4, offset: 0x78, memoryBytes: 12 }]),
      message: 'the notes: expected 12 bytes at offset 0x78, found 0',
    },
  ])('refuses an ELF core file that lies: $message', ({ bytes, message }) => {
    expect(() => open(bytes)).toThrow(new FormatError(`Cannot read ${message}`));
  });
});

/** An ELF core with two sections, of which the second has the names. */
function coreOfSections(names: string): Uint8Array {
  const ehdr = Buffer.from(elfHeaders([]));
  ehdr.writeBigUInt64LE(64n, 40);
  ehdr.writeUInt16LE(64, 58);
  ehdr.writeUInt16LE(2, 60);
  ehdr.writeUInt16LE(1, 62);
  const sections = Buffer.alloc(128);
  sections.writeBigUInt64LE(192n, 64 + 24);
  sections.writeBigUInt64LE(BigInt(names.length), 64 + 32);
  return Buffer.concat([ehdr, sections, ascii(names)]);
}
