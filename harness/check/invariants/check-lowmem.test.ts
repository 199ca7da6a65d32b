// SPDX-License-Identifier: MIT
import { describe } from 'vitest';
import { hex } from '../../memory/pfn.ts';
import { type BundleSpec, pageFlags } from '../testing/bundle-builder.ts';
import { itFinds } from '../testing/invariant-cases.ts';
import { lowMemoryBytes } from '../testing/low-memory-builder.ts';

const NOT_ITS_BYTES = "It is at 0x98000, but the bytes there are not a trampoline's";

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** A cell that left this header of a trampoline: `text_start`, `ro_end`, `trampoline_start`. */
function withHeader(header: readonly number[]): BundleSpec {
  return { files: { 'jump/low1m.bin': lowMemoryBytes({ header }) } };
}

function words([textStart = 0, roEnd = 0, trampolineStart = 0]: readonly number[]): string {
  return `text_start ${hex(textStart)}, ro_end ${hex(roEnd)}, trampoline_start ${hex(trampolineStart)}`;
}

/** Low memory with a trampoline at 0x20000 instead. */
function movedTrampoline(): Uint8Array {
  const bytes = lowMemoryBytes({ end: null });
  bytes.set(lowMemoryBytes().subarray(0x98000, 0x9f000), 0x20000);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (const at of [0, 4, 8])
    view.setUint32(0x20000 + at, view.getUint32(0x20000 + at, true) - 0x78000, true);
  return bytes;
}

describe('a promise about low memory', () => {
  itFinds([
    {
      id: 'lowmem.matches-model',
      when: 'all pages are reserved, or have no struct page where there is no RAM',
      bundle: { files: { 'system/kpageflags': pageFlags({ absent: [0, 0xa0, 0xff] }) } },
      outcome: 'kept',
      why: 'All 256 pages are as reserve-1m has them',
    },
    {
      id: 'lowmem.released',
      when: 'the page allocator has what nobody claims',
      bundle: {
        spec: { policy: 'two-phase' },
        files: { 'system/kpageflags': pageFlags({ free: range(0x10, 0x97) }) },
      },
      outcome: 'kept',
      why: 'The page allocator has all 136 pages that nobody claims',
    },
    {
      id: 'lowmem.released',
      when: 'a page of it stays reserved',
      bundle: {
        spec: { policy: 'two-phase' },
        files: { 'system/kpageflags': pageFlags({ free: range(0x11, 0x97) }) },
      },
      outcome: 'broken',
      why: '1 page of 136 that nobody claims stay reserved',
      pages: ['0x10'],
    },
    {
      id: 'lowmem.released',
      when: 'the policy promises none',
      bundle: {},
      outcome: 'not-asked',
      why: 'reserve-1m promises no release',
    },
    {
      id: 'lowmem.released',
      when: 'crashkernel claims all',
      bundle: { spec: { policy: 'two-phase', crashkernel: '256M' } },
      outcome: 'not-asked',
      why: 'All that is available is claimed',
    },
    {
      id: 'lowmem.matches-model',
      when: 'pages leak',
      bundle: {
        files: { 'system/kpageflags': pageFlags({ free: [0x9e, 0x10, 0x11], used: [0x12, 0x9d] }) },
      },
      outcome: 'broken',
      why: '2 pages: reserved predicted, free observed; 1 page: reserved predicted, used observed; 1 page: trampoline predicted, used observed; 1 page: trampoline predicted, free observed',
      pages: ['0x10-0x12', '0x9d-0x9e'],
    },
    {
      id: 'lowmem.matches-model',
      when: 'a panic is predicted and the kernel boots',
      bundle: { spec: { append: 'memmap=0x9f000$0x1000' } },
      outcome: 'broken',
      why: 'init_real_mode was predicted to stop the kernel ("Kernel panic - not syncing: Real mode trampoline was not allocated"), and it booted',
    },
    {
      id: 'lowmem.matches-model',
      when: 'a policy was asked for that the kernel does not follow',
      bundle: { spec: { policy: 'lock-on-crashkernel' } },
      outcome: 'broken',
      why: '136 pages: free predicted, reserved observed',
      pages: ['0x10-0x97'],
    },
    {
      id: 'lowmem.matches-model',
      when: 'a page was handed out and taken',
      bundle: {
        spec: { policy: 'lock-on-crashkernel' },
        files: {
          'system/kpageflags': pageFlags({
            free: Array.from({ length: 0x78 }, (_, index) => 0x10 + index),
            used: Array.from({ length: 0x10 }, (_, index) => 0x88 + index),
          }),
        },
      },
      outcome: 'kept',
      why: 'All 256 pages are as lock-on-crashkernel has them',
    },
    {
      id: 'lowmem.matches-model',
      when: 'kpageflags is cut',
      bundle: { files: { 'system/kpageflags': new Uint8Array(100) } },
      outcome: 'unseen',
      why: 'system/kpageflags: Cannot read kpageflags: expected 2048 bytes, found 100',
    },
    {
      id: 'lowmem.matches-model',
      when: 'page 0 was not read',
      bundle: { files: { 'system/page0.bin': null } },
      outcome: 'unseen',
      why: 'The cell left no system/page0.bin',
    },
    {
      id: 'lowmem.matches-model',
      when: 'there is no map',
      bundle: { files: { 'system/firmware-memmap': null } },
      outcome: 'unseen',
      why: 'system/dmesg: Cannot read the e820 map of the log: expected lines "BIOS-e820: [mem 0x…-0x…] …", found none',
    },
    {
      id: 'lowmem.matches-model',
      when: 'the map is only in the log',
      bundle: {
        files: {
          'system/firmware-memmap': null,
          'system/dmesg': 'BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable\n',
        },
      },
      outcome: 'kept',
      why: 'All 256 pages are as reserve-1m has them',
    },
    {
      id: 'lowmem.matches-model',
      when: 'the kernel hides its addresses',
      bundle: {
        files: {
          'system/kallsyms':
            '0000000000000000 T reserve_real_mode\n0000000000000000 D real_mode_blob\n0000000000000000 D real_mode_blob_end\n',
        },
      },
      outcome: 'kept',
      why: 'All 256 pages are as reserve-1m has them',
    },
    {
      id: 'lowmem.matches-model',
      when: 'neither symbols nor its bytes show how large the trampoline is',
      bundle: {
        files: {
          'system/kallsyms': 'ffffffff82000000 T reserve_real_mode\n',
          'jump/low1m.bin': lowMemoryBytes({ end: null }),
        },
      },
      outcome: 'unseen',
      why: 'system/kallsyms: expected addresses of real_mode_blob and real_mode_blob_end; low memory has the bytes of 0 trampolines',
      shownBy: 'CONFIG_KALLSYMS_ALL',
    },
    {
      id: 'lowmem.matches-model',
      when: 'all pages are as predicted and the trampoline is elsewhere',
      bundle: {
        files: {
          'system/real-mode.json':
            '{"real_mode_header":"0xffff888000091000","page_offset_base":"0xffff888000000000"}',
        },
      },
      outcome: 'broken',
      why: 'The trampoline is at 0x91000, 0x98000 predicted',
      pages: ['0x91'],
    },
    {
      id: 'lowmem.matches-model',
      when: 'the trampoline is elsewhere, by its bytes alone',
      bundle: {
        files: {
          'system/real-mode.json': null,
          'jump/low1m.bin': movedTrampoline(),
        },
      },
      outcome: 'broken',
      why: 'The trampoline is at 0x20000, 0x98000 predicted',
      pages: ['0x20'],
    },
    {
      id: 'lowmem.matches-model',
      when: 'the command line is beyond the model',
      bundle: { spec: { append: 'memmap=4K%0x1000-1+2' } },
      outcome: 'unseen',
      why: 'The model does not know this form of memmap=',
    },
    {
      id: 'lowmem.page0-kept',
      when: 'it is reserved',
      bundle: {},
      outcome: 'kept',
      why: 'The page allocator does not have page 0',
    },
    {
      id: 'lowmem.page0-kept',
      when: 'it is free',
      bundle: { files: { 'system/kpageflags': pageFlags({ free: [0] }) } },
      outcome: 'broken',
      why: 'The page allocator has page 0',
      pages: ['0x0'],
    },
    {
      id: 'lowmem.page0-kept',
      when: 'kpageflags is missing',
      bundle: { files: { 'system/kpageflags': null } },
      outcome: 'unseen',
      why: 'The cell left no system/kpageflags',
    },
    {
      id: 'lowmem.trampoline',
      when: 'it is where the model has it',
      bundle: {},
      outcome: 'kept',
      why: "It is at 0x98000, and the bytes there are a trampoline's",
      pages: ['0x98-0x9e'],
      evidence: 'jump/low1m.bin',
    },
    {
      id: 'lowmem.trampoline',
      when: 'its code fills all pages but the first, and CPUs do not start at its beginning',
      bundle: withHeader([0x99000, 0x9f000, 0x9e000]),
      outcome: 'kept',
      why: "It is at 0x98000, and the bytes there are a trampoline's",
      pages: ['0x98-0x9e'],
    },
    {
      id: 'lowmem.trampoline',
      when: 'its bytes were not saved',
      bundle: { files: { 'jump/low1m.bin': null } },
      outcome: 'kept',
      why: 'It is at 0x98000; the bytes there were not saved',
      pages: ['0x98-0x9e'],
      evidence: 'system/real-mode.json',
    },
    {
      id: 'lowmem.trampoline',
      when: 'it was not copied there',
      bundle: withHeader([0, 0, 0]),
      outcome: 'broken',
      why: `${NOT_ITS_BYTES}: text_start 0x0, ro_end 0x0, trampoline_start 0x0`,
      pages: ['0x98-0x9e'],
      evidence: 'jump/low1m.bin',
    },
    ...[
      { when: 'it was not relocated', header: [0x1000, 0x218e, 0x1000] },
      { when: 'its code begins at its header', header: [0x98000, 0x9a18e, 0x99000] },
      { when: 'its code begins within a page', header: [0x98800, 0x9a18e, 0x99000] },
      { when: 'its code ends beyond it', header: [0x99000, 0x9f001, 0x99000] },
      { when: 'CPUs start before its code', header: [0x9a000, 0x9b000, 0x99000] },
      { when: 'CPUs start after its code', header: [0x99000, 0x9a000, 0x9a000] },
      { when: 'CPUs start within a page', header: [0x99000, 0x9a18e, 0x99010] },
    ].map(({ when, header }) => ({
      id: 'lowmem.trampoline' as const,
      when,
      bundle: withHeader(header),
      outcome: 'broken' as const,
      why: `${NOT_ITS_BYTES}: ${words(header)}`,
      pages: ['0x98-0x9e'],
    })),
    {
      id: 'lowmem.trampoline',
      when: 'the low 1 MiB is cut',
      bundle: { files: { 'jump/low1m.bin': '' } },
      outcome: 'unseen',
      why: 'jump/low1m.bin: Cannot read the low 1 MiB: expected 1048576 bytes, found 0',
    },
    {
      id: 'lowmem.trampoline',
      when: 'it is elsewhere',
      bundle: {
        files: {
          'system/real-mode.json': '{"real_mode_header":"0x97000","page_offset_base":"0x0"}',
        },
      },
      outcome: 'broken',
      why: 'It is at 0x97000, 0x98000 predicted',
      pages: ['0x98-0x9e'],
    },
    {
      id: 'lowmem.trampoline',
      when: 'it should have found no place',
      bundle: { files: { 'system/firmware-memmap': '0x0 0xfff System RAM\n' } },
      outcome: 'broken',
      why: 'It is at 0x98000, no place predicted',
      pages: ['0x98'],
    },
    {
      id: 'lowmem.trampoline',
      when: 'it is not aligned',
      bundle: {
        files: {
          'system/real-mode.json': '{"real_mode_header":"0x98010","page_offset_base":"0x0"}',
        },
      },
      outcome: 'broken',
      why: 'It is at 0x98010, not at a page below 1 MiB',
    },
    {
      id: 'lowmem.trampoline',
      when: 'it is above 1 MiB',
      bundle: {
        files: {
          'system/real-mode.json': '{"real_mode_header":"0x100000","page_offset_base":"0x0"}',
        },
      },
      outcome: 'broken',
      why: 'It is at 0x100000, not at a page below 1 MiB',
    },
    {
      id: 'lowmem.trampoline',
      when: 'there is none',
      bundle: {
        files: {
          'system/real-mode.json': '{"real_mode_header":"0x0","page_offset_base":"0x1000"}',
        },
      },
      outcome: 'broken',
      why: 'real_mode_header is NULL: the kernel has no trampoline',
    },
    {
      id: 'lowmem.trampoline',
      when: 'its pointer is not in the map of all memory',
      bundle: {
        files: {
          'system/real-mode.json': '{"real_mode_header":"0x1","page_offset_base":"0x1000"}',
        },
      },
      outcome: 'unseen',
      why: 'system/real-mode.json: Cannot read real_mode_header: it is not in the map of all memory',
    },
    {
      id: 'lowmem.trampoline',
      when: 'the map of all memory does not move, with 4 levels of page tables',
      bundle: { files: { 'system/real-mode.json': '{"real_mode_header":"0xffff888000098000"}' } },
      outcome: 'kept',
      why: "It is at 0x98000, and the bytes there are a trampoline's",
      pages: ['0x98-0x9e'],
    },
    {
      id: 'lowmem.trampoline',
      when: 'the map of all memory does not move, with 5 levels of page tables',
      bundle: { files: { 'system/real-mode.json': '{"real_mode_header":"0xff11000000098000"}' } },
      outcome: 'kept',
      why: "It is at 0x98000, and the bytes there are a trampoline's",
      pages: ['0x98-0x9e'],
    },
    {
      id: 'lowmem.trampoline',
      when: 'only its bytes show it',
      bundle: { files: { 'system/real-mode.json': null } },
      outcome: 'kept',
      why: "It is at 0x98000, and the bytes there are a trampoline's",
      pages: ['0x98-0x9e'],
    },
    {
      id: 'lowmem.trampoline',
      when: 'its symbol was not read',
      bundle: { files: { 'system/real-mode.json': '{"real_mode_header":"0x' } },
      outcome: 'unseen',
      why: 'system/real-mode.json: Cannot read real_mode_header: expected two pointers in JSON',
    },
  ]);
});
