// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { parseDocument } from './testing/documents.ts';
import { REFERENCE, brokenCell, hostileCell } from './testing/run-builder.ts';
import { verdictDocument } from './verdict-document.ts';

it('names the broken invariant, its pages and the file that shows it', () => {
  const text = JSON.stringify(verdictDocument(brokenCell().judgement));
  const { invariants, ...verdict } = parseDocument('verdict', text);
  expect(verdict).toEqual({
    schema: 2,
    sub1m: manifest.version,
    policy: { id: 'lock-on-crashkernel', how: 'probed' },
    fault: null,
    verdict: { kind: 'mismatch', broken: ['lowmem.locked'] },
  });
  expect(invariants.slice(1, 3)).toEqual([
    {
      id: 'lowmem.locked',
      outcome: 'broken',
      known: null,
      why: "4 pages below 1 MiB are the system kernel's to use",
      pages: ['0x10-0x13'],
      evidence: 'system/kpageflags',
    },
    {
      id: 'kdump.dmesg',
      outcome: 'known',
      known: { reference: REFERENCE },
      why: 'The log ends early',
      pages: [],
      evidence: null,
    },
  ]);
});

it('says why sub1m cannot judge a cell', () => {
  const { judgement } = hostileCell();
  const text = JSON.stringify(verdictDocument({ ...judgement, policy: null }));
  expect(parseDocument('verdict', text)).toMatchObject({
    policy: null,
    verdict: { kind: 'unjudged', code: 'E_GUEST_LINK' },
  });
});
