// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import type { PageClass } from '../../memory/kpageflags.ts';
import { digestOf, wholeDump } from '../../vmcore/testing/flattened-builder.ts';
import type { VmcoreDigest } from '../../vmcore/vmcore-digest.ts';
import { type BundleSpec, buildBundle } from '../testing/bundle-builder.ts';
import { judgeBundle } from '../judge-bundle.ts';

/** What a dump shows of low memory in which all pages are reserved but page 0x50. */
function dumpWith(page50: PageClass): VmcoreDigest {
  const value = Array.from({ length: 256 }, (_, page) => (page === 0x50 ? page50 : 'reserved'));
  return { ...digestOf(wholeDump()), lowPages: { value } };
}

it.each<{
  when: string;
  spec?: BundleSpec['spec'];
  vmcore?: VmcoreDigest;
  outcome: string;
  why: string;
}>([
  {
    when: 'all struct pages are as predicted',
    vmcore: dumpWith('reserved'),
    outcome: 'kept',
    why: 'All 256 struct pages in the vmcore are as predicted',
  },
  {
    when: 'a page has been freed since',
    vmcore: dumpWith('free'),
    outcome: 'broken',
    why: '1 page: reserved predicted, free in the vmcore',
  },
  {
    when: 'the dump cannot be read',
    vmcore: digestOf(wholeDump()),
    outcome: 'unseen',
    why: 'Cannot read struct disk_dump_header: expected blocks of 4096 bytes and a sub header, found block_size 0, sub_hdr_size 0',
  },
  {
    when: 'there is no dump',
    spec: { crashkernel: '256M' },
    outcome: 'unseen',
    why: 'There is no vmcore',
  },
  {
    when: 'nobody looks at memory',
    spec: { truth: 'none' },
    outcome: 'not-asked',
    why: 'The cell does not look at its memory',
  },
  {
    when: 'the cell does not crash',
    spec: { trigger: 'none' },
    outcome: 'not-asked',
    why: 'The cell does not crash',
  },
])('lowmem.at-crash is $outcome when $when', ({ spec, vmcore, outcome, why }) => {
  const bundle = buildBundle({ spec: { truth: 'jump', vmcore: 'full', ...spec } });
  const { invariants } = judgeBundle(bundle, vmcore);
  const found = invariants.find(({ id }) => id === 'lowmem.at-crash');
  expect(found).toMatchObject({ outcome, why });
});

it.each([null, '256M'])(
  'a dump that cannot be read leaves a cell with crashkernel %s unjudged',
  (crashkernel) => {
    const spec = { crashkernel, truth: 'jump', vmcore: 'full' } as const;
    const { verdict } = judgeBundle(buildBundle({ spec }), digestOf(wholeDump()));
    expect(verdict.kind).toBe('unjudged');
  },
);
