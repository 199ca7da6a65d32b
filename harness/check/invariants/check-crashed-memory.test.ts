// SPDX-License-Identifier: MIT
import { gzipSync } from 'node:zlib';
import { describe } from 'vitest';
import { elfCoreBytes, pageOf } from '../../vmcore/testing/vmcore-builder.ts';
import { ended } from '../testing/bundle-builder.ts';
import {
  AT_JUMP,
  END,
  JUMP,
  SYMBOLS,
  crashed,
  dump,
  loaded,
} from '../testing/crashed-cell-builder.ts';
import { itFinds } from '../testing/invariant-cases.ts';

const HAS = 'The capture kernel has the crashkernel and low memory alone';

describe("the crashed kernel's memory", () => {
  itFinds([
    {
      id: 'kdump.undisturbed',
      when: 'nobody wrote to what was loaded',
      bundle: crashed({ files: loaded({}) }),
      outcome: 'kept',
      why: 'The crashkernel memory is at the kexec jump as it was loaded',
    },
    {
      id: 'kdump.undisturbed',
      when: 'the crashing kernel wrote to its copy of VMCOREINFO',
      bundle: crashed({ files: loaded({ 9: 1 }) }),
      outcome: 'kept',
      why: 'The crashkernel memory is at the kexec jump as it was loaded, but for its copy of VMCOREINFO (page 0x109)',
    },
    {
      id: 'kdump.undisturbed',
      when: 'somebody wrote to another page of it',
      bundle: crashed({ files: loaded({ 9: 1, 10: 2 }) }),
      outcome: 'broken',
      why: 'Since the capture kernel was loaded 1 page (0x10a) of the crashkernel memory changed',
    },
    {
      id: 'kdump.undisturbed',
      when: 'it was not looked at then',
      bundle: crashed(),
      outcome: 'not-asked',
      why: 'Memory was not looked at when the capture kernel was loaded',
    },
    {
      id: 'kdump.undisturbed',
      when: 'the kernel does not tell where the copy is',
      bundle: crashed({ files: { ...loaded({ 9: 1 }), 'jump/vmcoreinfo-copy': null } }),
      outcome: 'unseen',
      why: 'The cell left no jump/vmcoreinfo-copy',
      shownBy: 'CONFIG_KALLSYMS_ALL',
    },
    {
      id: 'kdump.vmcore-bytes',
      when: 'all pages are as they were',
      bundle: crashed(),
      vmcore: dump(AT_JUMP),
      outcome: 'kept',
      why: '8 pages are as at the kexec jump',
    },
    {
      id: 'kdump.vmcore-bytes',
      when: 'only a page of zeroes is left out',
      bundle: crashed(),
      vmcore: dump(AT_JUMP.slice(0, 7)),
      outcome: 'kept',
      why: '7 pages are as at the kexec jump; the other 1 are zeroes',
    },
    {
      id: 'kdump.vmcore-bytes',
      when: 'the jump wrote to its stack and to a variable',
      bundle: crashed({ files: { 'system/kallsyms': SYMBOLS } }),
      vmcore: dump([1, 2, 33, 4, 55, 6, 7, 0]),
      outcome: 'kept',
      why: '8 pages are as at the kexec jump, but for what the jump itself writes: the stack of the CPU that jumps (page 0x104), ftrace_enabled (page 0x102)',
    },
    {
      id: 'kdump.vmcore-bytes',
      when: 'a page differs',
      bundle: crashed(),
      vmcore: dump([1, 2, 3, 4, 5, 66, 7, 0]),
      outcome: 'broken',
      why: '1 page (0x105) differ from memory at the kexec jump',
    },
    {
      id: 'kdump.vmcore-bytes',
      when: 'it has a page as the capture kernel had made it',
      bundle: crashed({ end: [1, 2, 3, 4, 5, 66, 7, 0] }),
      vmcore: dump([1, 2, 3, 4, 5, 66, 7, 0]),
      outcome: 'broken',
      why: '1 page (0x105) differ from memory at the kexec jump: the capture kernel wrote to 1 of them before',
    },
    {
      id: 'kdump.vmcore-bytes',
      when: 'a page is missing that has something in it',
      bundle: crashed(),
      vmcore: dump(AT_JUMP.slice(0, 6)),
      outcome: 'broken',
      why: '1 page (0x106) are missing',
    },
    {
      id: 'kdump.vmcore-bytes',
      when: 'all pages are one page off',
      bundle: crashed(),
      vmcore: elfCoreBytes(
        [],
        [{ paddr: 0x10_1000, bytes: Buffer.concat(AT_JUMP.slice(0, 7).map(pageOf)) }],
      ),
      outcome: 'broken',
      why: '5 pages (0x101-0x102, 0x105-0x107) differ from memory at the kexec jump; 1 page (0x100) are missing',
    },
    {
      id: 'kdump.vmcore-bytes',
      when: 'it cannot be read',
      bundle: crashed(),
      vmcore: new Uint8Array(100),
      outcome: 'broken',
      why: 'Cannot read this file: expected a vmcore, found zeroes at its start: it is raw memory, or a dump whose making did not end',
    },
    {
      id: 'kdump.vmcore-bytes',
      when: 'memory at the jump was not hashed',
      bundle: crashed({ files: { [JUMP]: null } }),
      vmcore: dump(AT_JUMP),
      outcome: 'unseen',
      why: `The cell left no ${JUMP}`,
    },
    {
      id: 'kdump.vmcore-bytes',
      when: 'the hashes are garbage',
      bundle: crashed({ files: { [JUMP]: 'garbage' } }),
      vmcore: dump(AT_JUMP),
      outcome: 'unseen',
      why: `${JUMP}: Cannot read the hashes of memory: expected gzip of at most 2048 bytes`,
    },
    {
      id: 'kdump.confined',
      when: 'the hashes of the end are more than its memory has',
      bundle: crashed({ files: { [END]: gzipSync(new Uint8Array(2049)) } }),
      outcome: 'unseen',
      why: `${END}: Cannot read the hashes of memory: expected gzip of at most 2048 bytes`,
    },
    {
      id: 'kdump.confined',
      when: 'the hashes of the end are garbage',
      bundle: crashed({ files: { [END]: 'garbage' } }),
      outcome: 'unseen',
      why: `${END}: Cannot read the hashes of memory: expected gzip of at most 2048 bytes`,
    },
    {
      id: 'kdump.vmcore-bytes',
      when: 'the cell has no truth',
      bundle: crashed({ spec: { truth: 'none' } }),
      vmcore: dump(AT_JUMP),
      outcome: 'not-asked',
      why: 'The cell does not look at memory at the kexec jump',
    },
    {
      id: 'kdump.vmcore-bytes',
      when: 'the capture kernel died while it dumped',
      bundle: { ...crashed(), outcome: ended('dump') },
      vmcore: null,
      outcome: 'not-asked',
      why: 'The cell keeps no vmcore',
    },
    {
      id: 'kdump.confined',
      when: 'no page has changed but what the capture kernel may write to',
      bundle: crashed({ end: [...AT_JUMP, 99] }),
      outcome: 'kept',
      why: `${HAS}, and wrote to no other page`,
    },
    {
      id: 'kdump.confined',
      when: 'the jump wrote to its stack',
      bundle: crashed({ end: [1, 2, 3, 4, 55, 6, 7, 0] }),
      outcome: 'kept',
      why: `${HAS}, and wrote to no other page, but for what the jump itself writes: the stack of the CPU that jumps (page 0x104)`,
    },
    {
      id: 'kdump.confined',
      when: 'the jump wrote to the shadow of its stack (KASAN)',
      bundle: crashed({
        end: [1, 2, 3, 4, 55, 66, 7, 0],
        files: { 'jump/stack': '0x104ff8\nshadow 0x105b40\n' },
      }),
      outcome: 'kept',
      why: `${HAS}, and wrote to no other page, but for what the jump itself writes: the stack of the CPU that jumps (page 0x104), the shadow of its stack (page 0x105)`,
    },
    {
      id: 'kdump.confined',
      when: 'it scribbles',
      bundle: crashed({ end: [1, 2, 3, 4, 5, 66, 77, 0] }),
      outcome: 'broken',
      why: 'After the kexec jump 2 pages (0x105-0x106) of the crashed kernel changed',
    },
    {
      id: 'kdump.confined',
      when: 'it clears a table of the firmware that the crashed kernel has freed (Linux 7.3)',
      bundle: crashed({
        end: [1, 2, 3, 4, 5, 66, 7, 0],
        files: {
          'capture/dmesg':
            '[    0.0] efi: SMBIOS=0x3f520000 ACPI 2.0=0x3f77d014 INITRD=0x105f18 \n',
        },
      }),
      outcome: 'broken',
      why: 'After the kexec jump 1 page (0x105) of the crashed kernel changed; in it is the EFI table INITRD=0x105f18, which efi_config_parse_tables() clears (linux-efi, December 2025: "efi: Wipe INITRD config table from memory after consumption")',
    },
    {
      id: 'kdump.confined',
      when: 'memory was not hashed in the end',
      bundle: crashed({ files: { [END]: null } }),
      outcome: 'unseen',
      why: `The cell left no ${END}`,
    },
  ]);
});
