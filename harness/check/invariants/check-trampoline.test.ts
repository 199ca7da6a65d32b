// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { hex, pfn } from '../../memory/pfn.ts';
import { digestOf, wholeDump } from '../../vmcore/testing/flattened-builder.ts';
import { judgeBundle } from '../judge-bundle.ts';
import { type BundleSpec, buildBundle } from '../testing/bundle-builder.ts';
import { itFinds } from '../testing/invariant-cases.ts';
import { lowMemoryBytes } from '../testing/low-memory-builder.ts';

const NOT_ITS_BYTES = "It is at 0x98000, but the bytes there are not a trampoline's";

/** A cell that left this header of a trampoline: `text_start`, `ro_end`, `trampoline_start`. */
function withHeader(header: readonly number[]): BundleSpec {
  return { files: { 'jump/low1m.bin': lowMemoryBytes({ header }) } };
}

function words([textStart = 0, roEnd = 0, trampolineStart = 0]: readonly number[]): string {
  return `text_start ${hex(textStart)}, ro_end ${hex(roEnd)}, trampoline_start ${hex(trampolineStart)}`;
}

describe('the trampoline', () => {
  itFinds([
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

it('can nowhere be written to and executed at once', () => {
  const found = (pages: readonly number[]): unknown => {
    const writableCode = { value: pages.map(pfn) };
    const { invariants } = judgeBundle(buildBundle({}), { ...digestOf(wholeDump()), writableCode });
    return invariants.find(({ id }) => id === 'lowmem.trampoline');
  };
  expect(found([])).toMatchObject({ outcome: 'kept' });
  expect(found([0x99, 0x9a])).toMatchObject({
    outcome: 'broken',
    why: '2 pages below 1 MiB can be written to and executed',
    pages: [0x99, 0x9a],
    evidence: 'vmcore',
  });
});
