// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { efiMapBytes } from '../../memory/testing/efi-memory-map-builder.ts';
import { judgeBundle } from '../judge-bundle.ts';
import { type BundleSpec, buildBundle, pageFlags } from '../testing/bundle-builder.ts';
import { itShows } from '../testing/invariant-cases.ts';

/** 123 ranges of boot services, no two of them neighbours: memblock's list has 128 entries. */
const MAP = efiMapBytes([
  { type: 7, start: 0n, pages: 0xa0n },
  ...Array.from({ length: 123 }, (_, index) => ({
    type: 4,
    start: 0x2000_0000n + BigInt(index) * 0x4000n,
    pages: 1n,
  })),
]);
const FILES = { 'system/efi-memory-map.bin': MAP };

/** What `memblock=debug` prints, of a kernel that has so many ranges above 1 MiB. */
function dump(high: number): string {
  const ranges = Array.from({ length: high }, (_, index) => {
    const start = 0x1000_0000 + index * 0x1_0000;
    return [start, start + 0xfff] as const;
  });
  const regions = [[0, 0xffff] as const, [0x9f000, 0xfffff] as const, ...ranges];
  const lines = regions.map(([start, end], index) => {
    const pa = [start, end].map((at) => `0x${at.toString(16).padStart(16, '0')}`);
    return ` reserved[0x${index.toString(16)}]\t[${pa.join('-')}], 0x1000 bytes flags: 0x0`;
  });
  const count = ` reserved.cnt  = 0x${regions.length.toString(16)}`;
  return ['Linux version 6.12.43', 'MEMBLOCK configuration:', count, ...lines, ''].join('\n');
}

const WHY =
  'It depends on what the model cannot know: memblock has nearly as many reserved ranges as its list has room for, and their number is not known';
const CRASHKERNEL = { crashkernel: '256M' };

describe('what the model leaves undecided', () => {
  itShows([
    {
      id: 'lowmem.matches-model',
      when: 'no page is seen that contradicts it',
      bundle: { files: FILES },
      outcome: 'unseen',
      why: WHY,
    },
    {
      id: 'lowmem.matches-model',
      when: 'a page is free that is reserved in any case',
      bundle: { files: { ...FILES, 'system/kpageflags': pageFlags({ free: [0x20, 0x97] }) } },
      outcome: 'broken',
      why: '1 page: reserved predicted, free observed',
      pages: ['0x20'],
    },
    {
      id: 'lowmem.trampoline',
      when: 'it is where it may be',
      bundle: { files: FILES },
      outcome: 'unseen',
      why: WHY,
    },
    {
      id: 'lowmem.single-owner',
      when: 'no page that anybody owns is free',
      bundle: { files: FILES },
      outcome: 'unseen',
      why: WHY,
    },
    {
      id: 'lowmem.locked',
      when: 'the page allocator has what may have leaked',
      bundle: {
        spec: CRASHKERNEL,
        files: { ...FILES, 'system/kpageflags': pageFlags({ free: [0x96, 0x97] }) },
      },
      outcome: 'broken',
      why: 'The system kernel can use 2 pages below 1 MiB',
      pages: ['0x96-0x97'],
    },
    {
      id: 'lowmem.locked',
      when: 'it has none',
      bundle: { spec: CRASHKERNEL, files: FILES },
      outcome: 'kept',
      why: 'The system kernel can use no page below 1 MiB',
    },
    {
      id: 'lowmem.released',
      when: 'all that is free in any case is free',
      bundle: {
        spec: { policy: 'two-phase' },
        files: {
          ...FILES,
          'system/kpageflags': pageFlags({
            free: Array.from({ length: 0x9f - 0x10 }, (_, index) => 0x10 + index),
          }),
        },
      },
      outcome: 'unseen',
      why: WHY,
    },
  ]);

  it('makes the cell unjudged, and memblock=debug would show it', () => {
    const { verdict } = judgeBundle(buildBundle({ files: FILES }), undefined);
    expect(verdict).toMatchObject({ kind: 'unjudged', code: 'E_EVIDENCE' });
    expect(verdict).toHaveProperty(
      'why',
      expect.stringContaining('; memblock=debug would show it'),
    );
  });
});

describe('what the kernel tells with memblock=debug', () => {
  const told = (high: number, free: readonly number[]): BundleSpec => ({
    files: {
      ...FILES,
      'system/dmesg': dump(high),
      'system/kpageflags': pageFlags({ free }),
    },
  });

  const CALLS = ['[0x98000-0x9efff]', '[0x96000-0x97fff]', '[0x0-0xfffff]'].map(
    (range) => `memblock_reserve: ${range}`,
  );
  const logged = (calls: readonly string[]): BundleSpec => {
    const bundle = told(3, [0x96, 0x97]);
    const log = `${dump(3)}${calls.join('\n')}\n`;
    return { spec: { append: 'memblock=debug' }, files: { ...bundle.files, 'system/dmesg': log } };
  };

  itShows([
    {
      id: 'lowmem.matches-model',
      when: 'the list is full when the first 1 MiB is reserved, and leaks',
      bundle: told(3, [0x96, 0x97]),
      outcome: 'kept',
      why: 'All 256 pages are as reserve-1m has them',
    },
    {
      id: 'lowmem.matches-model',
      when: 'nothing leaks although it must',
      bundle: told(3, []),
      outcome: 'broken',
      why: '2 pages: free predicted, reserved observed',
      pages: ['0x96-0x97'],
    },
    {
      id: 'lowmem.matches-model',
      when: 'the calls are those that led there, and the last one is not printed',
      bundle: logged(CALLS),
      outcome: 'kept',
      why: 'All 256 pages are as reserve-1m has them, by the same 3 calls of memblock',
    },
    {
      id: 'lowmem.matches-model',
      when: 'it is printed',
      bundle: logged([...CALLS, 'memblock_phys_free: [0x96000-0x97fff] memblock_discard']),
      outcome: 'kept',
      why: 'All 256 pages are as reserve-1m has them, by the same 4 calls of memblock',
    },
    {
      id: 'lowmem.matches-model',
      when: 'one of them is missing',
      bundle: logged(CALLS.slice(0, 2)),
      outcome: 'broken',
      why: 'Call 3 of memblock: reserve 0x0-0xfffff predicted, none logged',
    },
    {
      id: 'lowmem.matches-model',
      when: 'the list has room',
      bundle: told(1, []),
      outcome: 'kept',
      why: 'All 256 pages are as reserve-1m has them',
    },
  ]);
});
