// SPDX-License-Identifier: MIT
import { describe } from 'vitest';
import { bootParamsBytes, efiMapBytes } from '../../memory/testing/efi-memory-map-builder.ts';
import { pageFlags } from '../testing/bundle-builder.ts';
import { filledCell } from '../testing/filled-cell-builder.ts';
import { itFinds } from '../testing/invariant-cases.ts';
import { lowMemoryBytes } from '../testing/low-memory-builder.ts';

const [RESERVED, BOOT_SERVICES, RUNTIME_DATA, CONVENTIONAL, ACPI_NVS] = [0, 4, 6, 7, 10];
const KPAGEFLAGS = 'system/kpageflags';

/** Conventional memory up to 640 KiB but for runtime services at 0x50, ACPI at 0x51, and a hole at 0x52. */
const FIRMWARE = {
  'system/efi-memory-map.bin': efiMapBytes([
    { type: CONVENTIONAL, start: 0n, pages: 0x50n },
    { type: RUNTIME_DATA, start: 0x50000n, pages: 1n },
    { type: ACPI_NVS, start: 0x51000n, pages: 1n },
    { type: CONVENTIONAL, start: 0x53000n, pages: 0x4dn },
    { type: RESERVED, start: 0xf0000n, pages: 1n },
  ]),
};

const NO_TRAMPOLINE = lowMemoryBytes({ end: null });

describe('a promise about who owns low memory', () => {
  itFinds([
    {
      id: 'lowmem.single-owner',
      when: 'all pages are reserved',
      bundle: {},
      outcome: 'kept',
      why: "No page that the page allocator has is the trampoline's, the firmware's or page 0",
      evidence: KPAGEFLAGS,
    },
    {
      id: 'lowmem.single-owner',
      when: 'boot services were freed, and a hole',
      bundle: {
        files: {
          'system/efi-memory-map.bin': efiMapBytes([
            { type: BOOT_SERVICES, start: 0n, pages: 0x20n },
            { type: CONVENTIONAL, start: 0x21000n, pages: 0x7fn },
          ]),
          'system/kpageflags': pageFlags({ free: [0x1f, 0x20, 0x97, 0x9f] }),
        },
      },
      outcome: 'kept',
      why: "No page that the page allocator has is the trampoline's, the firmware's or page 0",
    },
    {
      id: 'lowmem.single-owner',
      when: 'the kernel has no symbol for the trampoline',
      bundle: { files: { 'system/real-mode.json': null } },
      outcome: 'kept',
      why: "No page that the page allocator has is the trampoline's, the firmware's or page 0",
    },
    {
      id: 'lowmem.single-owner',
      when: 'neither a symbol nor its bytes show the trampoline',
      bundle: { files: { 'system/real-mode.json': null, 'jump/low1m.bin': NO_TRAMPOLINE } },
      outcome: 'unseen',
      why: 'The cell left no system/real-mode.json; low memory has the bytes of 0 trampolines',
      shownBy: 'CONFIG_KALLSYMS_ALL',
    },
    {
      id: 'lowmem.single-owner',
      when: 'the trampoline is at the end of all memory',
      bundle: {
        files: {
          'system/real-mode.json':
            '{"real_mode_header":"0xfffffffffffff","page_offset_base":"0x0"}',
        },
      },
      outcome: 'kept',
      why: "No page that the page allocator has is the trampoline's, the firmware's or page 0",
    },
    {
      id: 'lowmem.single-owner',
      when: 'pages of each owner were freed',
      bundle: {
        files: {
          ...FIRMWARE,
          'system/kpageflags': pageFlags({ free: [0, 0x51, 0x98, 0x9e, 0xf0], used: [0x50] }),
        },
      },
      outcome: 'broken',
      why: "1 page: free, but the BIOS's too; 1 page: used, but the firmware's (RuntimeServicesData) too; 1 page: free, but the firmware's (ACPINVS) too; 2 pages: free, but the trampoline's too; 1 page: free, but the firmware's (Reserved) too",
      pages: ['0x0', '0x50-0x51', '0x98', '0x9e', '0xf0'],
      evidence: KPAGEFLAGS,
    },
    {
      id: 'lowmem.single-owner',
      when: 'the trampoline lies where none is predicted, so that it is not known how large it is',
      bundle: {
        files: {
          'system/firmware-memmap': '0x0 0xfff System RAM\n',
          'system/kpageflags': pageFlags({ free: [0x98, 0x99] }),
        },
      },
      outcome: 'broken',
      why: "1 page: free, but the trampoline's too",
      pages: ['0x98'],
    },
    {
      id: 'lowmem.single-owner',
      when: 'page 0 is free, and no map says what else is owned',
      bundle: {
        files: {
          'system/efi-memory-map.bin': null,
          'system/kpageflags': pageFlags({ free: [0] }),
        },
      },
      outcome: 'broken',
      why: "1 page: free, but the BIOS's too",
      pages: ['0x0'],
    },
    {
      id: 'lowmem.single-owner',
      when: 'kpageflags is missing',
      bundle: { files: { 'system/kpageflags': null } },
      outcome: 'unseen',
      why: 'The cell left no system/kpageflags',
    },
    {
      id: 'lowmem.single-owner',
      when: 'the EFI map is missing',
      bundle: { files: { 'system/efi-memory-map.bin': null } },
      outcome: 'unseen',
      why: 'The cell left no system/efi-memory-map.bin',
    },
    {
      id: 'lowmem.single-owner',
      when: 'nothing says how large the trampoline is',
      bundle: { files: { 'system/page0.bin': null } },
      outcome: 'unseen',
      why: 'The cell left no system/page0.bin',
    },
    {
      id: 'lowmem.firmware-kept',
      when: 'nothing was filled',
      bundle: { files: FIRMWARE },
      outcome: 'kept',
      why: 'None of 3 firmware pages is free; whether any is written does not show',
      pages: ['0x50-0x52'],
      evidence: KPAGEFLAGS,
    },
    {
      id: 'lowmem.firmware-kept',
      when: 'others were filled, and the low 1 MiB was not saved',
      bundle: filledCell([0x4f, 0x53], { files: { ...FIRMWARE, 'jump/low1m.bin': null } }),
      outcome: 'kept',
      why: 'None of 3 firmware pages is free; whether any is written does not show',
      pages: ['0x50-0x52'],
    },
    {
      id: 'lowmem.firmware-kept',
      when: 'two were filled and only others were written',
      bundle: filledCell([0x4f, 0x50, 0x52, 0x53], {
        files: { ...FIRMWARE, 'jump/low1m.bin': lowMemoryBytes({ written: [0x4f, 0x51, 0x53] }) },
      }),
      outcome: 'kept',
      why: 'None of 3 firmware pages is free, none of the 2 that were filled is written',
      pages: ['0x50-0x52'],
      evidence: KPAGEFLAGS,
    },
    {
      id: 'lowmem.firmware-kept',
      when: 'they are free, a hole and one of no known type too',
      bundle: {
        files: {
          'system/efi-memory-map.bin': efiMapBytes([
            { type: CONVENTIONAL, start: 0n, pages: 0x10n },
            { type: 99, start: 0x10000n, pages: 2n },
          ]),
          'system/kpageflags': pageFlags({ free: [0xf, 0x10, 0x11], used: [0x9f, 0xa0] }),
        },
      },
      outcome: 'broken',
      why: '2 pages: type 99, free; 1 page: a hole, free',
      pages: ['0x10-0x11', '0x9f'],
      evidence: KPAGEFLAGS,
    },
    {
      id: 'lowmem.firmware-kept',
      when: 'one was written',
      bundle: filledCell([0x50, 0x51], {
        files: {
          ...FIRMWARE,
          'system/kpageflags': null,
          'jump/low1m.bin': lowMemoryBytes({ written: [0x51] }),
        },
      }),
      outcome: 'broken',
      why: '1 page: ACPINVS, written',
      pages: ['0x51'],
      evidence: 'jump/low1m.bin',
    },
    {
      id: 'lowmem.firmware-kept',
      when: 'one was freed and written',
      bundle: filledCell([0x50, 0x52], {
        files: {
          ...FIRMWARE,
          'system/kpageflags': pageFlags({ used: [0x52] }),
          'jump/low1m.bin': lowMemoryBytes({ written: [0x50, 0x52] }),
        },
      }),
      outcome: 'broken',
      why: '1 page: RuntimeServicesData, written; 1 page: a hole, free and written',
      pages: ['0x50', '0x52'],
      evidence: KPAGEFLAGS,
    },
    {
      id: 'lowmem.firmware-kept',
      when: 'the kernel has merged boot services in its map, which leaves an entry that says reserved',
      bundle: {
        files: {
          'system/efi-memory-map.bin': efiMapBytes([
            { type: BOOT_SERVICES, start: 0n, pages: 0xa0n },
            { type: RESERVED, start: 0x50000n, pages: 0x50n },
          ]),
          'system/kpageflags': pageFlags({ free: [0x50] }),
        },
      },
      outcome: 'not-asked',
      why: 'Firmware keeps no memory below 640 KiB',
    },
    {
      id: 'lowmem.firmware-kept',
      when: 'the command line makes RAM of one, and takes RAM away',
      bundle: {
        spec: { append: 'memmap=4K@0x50000 memmap=4K$0x51000' },
        files: { ...FIRMWARE, 'system/kpageflags': pageFlags({ free: [0x50] }) },
      },
      outcome: 'kept',
      why: 'None of 2 firmware pages is free; whether any is written does not show',
      pages: ['0x51-0x52'],
    },
    {
      id: 'lowmem.firmware-kept',
      when: 'there is no EFI map',
      bundle: { files: { 'system/boot-params': bootParamsBytes({ signature: 0 }) } },
      outcome: 'not-asked',
      why: 'Firmware keeps no memory below 640 KiB',
    },
    {
      id: 'lowmem.firmware-kept',
      when: 'the EFI map is missing',
      bundle: { files: { 'system/efi-memory-map.bin': null } },
      outcome: 'unseen',
      why: 'The cell left no system/efi-memory-map.bin',
    },
    {
      id: 'lowmem.firmware-kept',
      when: 'kpageflags is missing',
      bundle: { files: { ...FIRMWARE, 'system/kpageflags': null } },
      outcome: 'unseen',
      why: 'The cell left no system/kpageflags',
    },
    {
      id: 'lowmem.firmware-kept',
      when: 'the driver of the layout said nothing',
      bundle: filledCell([], { files: { ...FIRMWARE, 'personality.log': null } }),
      outcome: 'unseen',
      why: 'The cell left no personality.log',
    },
    {
      id: 'lowmem.firmware-kept',
      when: 'the low 1 MiB was not saved',
      bundle: filledCell([0x50], { files: { ...FIRMWARE, 'jump/low1m.bin': null } }),
      outcome: 'unseen',
      why: 'The cell left no jump/low1m.bin',
    },
    {
      id: 'lowmem.firmware-kept',
      when: 'the low 1 MiB is cut',
      bundle: filledCell([0x50], { files: { ...FIRMWARE, 'jump/low1m.bin': 'cut\n' } }),
      outcome: 'unseen',
      why: 'jump/low1m.bin: Cannot read the low 1 MiB: expected 1048576 bytes, found 4',
    },
  ]);
});
