// SPDX-License-Identifier: MIT
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { pageCrc } from '../../memory/page-crcs.ts';
import { digestOf, wholeDump } from '../../vmcore/testing/flattened-builder.ts';
import { pageOf } from '../../vmcore/testing/vmcore-builder.ts';
import { buildBundle } from '../testing/bundle-builder.ts';
import { judgeBundle } from '../judge-bundle.ts';

/** Memory of 2 MiB in which no page is zero. */
const CRCS = gzipSync(new Uint8Array(new Uint32Array(512).fill(pageCrc(pageOf(1))).buffer));
const IOMEM =
  '00100000-00107fff : System RAM\n00108000-001fffff : System RAM\n  00108000-001fffff : Crash kernel\n';

/** A filtered dump of the pages 0x100 and 0x101, of which `kinds` were left out though their like is kept. */
function findBytes(kinds: readonly number[] | string, iomem = IOMEM): unknown {
  const files = {
    'system/iomem': iomem,
    'capture/iomem': '00108000-001fffff : System RAM\n',
    'jump/page-crcs.gz': CRCS,
    'capture/page-crcs.gz': CRCS,
  };
  const spec = { crashkernel: '960K', memoryMiB: 2, truth: 'jump', vmcore: 'filtered' } as const;
  const crc = pageCrc(pageOf(1));
  const digest = {
    ...digestOf(wholeDump()),
    pages: { value: { pfns: Uint32Array.of(0x100, 0x101), crcs: Uint32Array.of(crc, crc) } },
    keptKindsLeftOut:
      typeof kinds === 'string' ? { value: null, why: kinds } : { value: Uint32Array.from(kinds) },
  };
  const { invariants } = judgeBundle(buildBundle({ spec, files }), digest);
  return invariants.find(({ id }) => id === 'kdump.vmcore-bytes');
}

it('lets a filter leave out what it may', () => {
  expect(findBytes([])).toMatchObject({
    outcome: 'kept',
    why: '2 pages are as at the kexec jump; the filter left out 6 that are free, cache, user data or zero',
  });
});

it('does not let it leave out anything else', () => {
  expect(findBytes([0x103, 0x104])).toMatchObject({
    outcome: 'broken',
    why: 'makedumpfile left out 2 pages (0x103-0x104) that are neither free nor cache nor user data',
  });
});

it('lets it leave out a page in which one segment ends and another begins', () => {
  const iomem = IOMEM.replace('00107fff', '00103017\n00103018-00107fff');
  expect(findBytes([0x103], iomem)).toMatchObject({ outcome: 'kept' });
});

it('does not know where the struct pages cannot be read', () => {
  expect(findBytes('no struct pages')).toMatchObject({ outcome: 'unseen', why: 'no struct pages' });
});
