// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { InvariantOutcome, Judgement, Verdict } from '../check/judgement.ts';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import { type Reason, differenceOf, factOf } from './fact.ts';
import { pagesOfRun } from '../memory/page-map.ts';

const LOCKED: InvariantOutcome = {
  id: 'lowmem.locked',
  outcome: 'broken',
  known: null,
  why: 'The system kernel can use 4 pages below 1 MiB',
  pages: [...pagesOfRun('0x10-0x13'), ...pagesOfRun('0x12345')],
  evidence: null,
};

function judgement(invariant: Partial<InvariantOutcome>, verdict: Verdict): Judgement {
  return judgedCell({ judgement: { invariants: [{ ...LOCKED, ...invariant }], verdict } })
    .judgement;
}

const MISMATCH: Verdict = { kind: 'mismatch', broken: ['lowmem.locked'] };
const UNJUDGED = { kind: 'unjudged', why: 'why not' } as const;

describe('factOf', () => {
  it.each<{ what: string; outcome?: InvariantOutcome['outcome']; verdict: Verdict; fact: object }>([
    { what: 'kept', outcome: 'kept', verdict: { kind: 'match' }, fact: { kind: 'kept' } },
    { what: 'kept, not others', outcome: 'kept', verdict: MISMATCH, fact: { kind: 'kept' } },
    {
      what: 'kept before the host failed',
      outcome: 'kept',
      verdict: { ...UNJUDGED, code: 'E_QMP' },
      fact: { kind: 'kept' },
    },
    { what: 'broken', outcome: 'broken', verdict: MISMATCH, fact: { kind: 'broken' } },
    {
      what: 'a known defect',
      outcome: 'known',
      verdict: { kind: 'match' },
      fact: { kind: 'broken' },
    },
    {
      what: 'a kernel that does not boot',
      verdict: { kind: 'boot-failure', lastLine: 'Kernel panic' },
      fact: { kind: 'untold', why: 'It does not boot: Kernel panic', again: false },
    },
    {
      what: 'a host that fails',
      verdict: { ...UNJUDGED, code: 'E_DEADLINE' },
      fact: { kind: 'untold', why: 'why not', again: true },
    },
    {
      what: 'evidence that is missing',
      verdict: { ...UNJUDGED, code: 'E_EVIDENCE' },
      fact: { kind: 'untold', again: false },
    },
    {
      what: 'a cell that does not ask',
      verdict: { kind: 'match' },
      fact: { kind: 'untold', why: LOCKED.why, again: false },
    },
    {
      what: 'a layout that the machine was not given',
      outcome: 'broken',
      verdict: { ...UNJUDGED, code: 'E_PERSONALITY' },
      fact: { kind: 'untold', again: false },
    },
    {
      what: 'an emulator that errs',
      outcome: 'kept',
      verdict: { ...UNJUDGED, code: 'E_EMULATOR' },
      fact: { kind: 'untold', again: true },
    },
  ])('says, for $what,', ({ outcome = 'unseen', verdict, fact }) => {
    expect(factOf(judgement({ outcome }, verdict), 'lowmem.locked')).toMatchObject(fact);
  });

  it('keeps the pages below 1 MiB, for others move with every build', () => {
    const fact = factOf(judgement({}, MISMATCH), 'lowmem.locked');
    expect(fact).toMatchObject({ reason: { pages: ['0x10-0x13'], steps: null, end: null } });
  });

  it('keeps the kernel function that freed the pages, if the model knows it', () => {
    const event = { owner: 'free', why: '' } as const;
    const history = [
      { ...event, step: 'e820' },
      { ...event, step: 'efi_free_boot_services' },
    ];
    const pages = Array.from({ length: 256 }, () => ({ owner: 'free' as const, history }));
    const seen = { ...judgement({}, MISMATCH), prediction: { pages } } as unknown as Judgement;
    const fact = factOf(seen, 'lowmem.locked');
    expect(fact).toMatchObject({ reason: { steps: ['efi_free_boot_services'] } });
  });

  it('keeps how the kernel ended, without what varies from boot to boot', () => {
    const lastLine = '[    0.1234] BUG: unable to handle page fault for address: ffff88800009f000';
    const fact = factOf(
      judgement({ pages: [] }, { kind: 'boot-failure', lastLine }),
      'lowmem.locked',
    );
    const end = 'It does not boot: [    #] BUG: unable to handle page fault for address: #';
    expect(fact).toMatchObject({ reason: { end } });
  });
});

describe('differenceOf', () => {
  const REASON: Reason = { pages: ['0x10-0x13'], steps: ['efi_free_boot_services'], end: null };

  it.each<[what: string, found: Partial<Reason>, difference: string | null]>([
    ['the same', {}, null],
    ['pages in common', { pages: ['0x13-0x20'] }, null],
    ['no pages in common', { pages: ['0x63'] }, 'pages 0x63, none of 0x10-0x13'],
    ['a function in common', { steps: ['memblock_discard', 'efi_free_boot_services'] }, null],
    [
      'another function',
      { steps: ['memblock_discard'] },
      'freed by memblock_discard, not by efi_free_boot_services',
    ],
    [
      'nobody who freed them',
      { steps: [] },
      'freed by nothing: never reserved, not by efi_free_boot_services',
    ],
    ['a function that is not known', { steps: null }, null],
    ['pages, whatever the end', { end: 'It does not boot: panic' }, null],
    ['no pages, the same end', { pages: [] }, null],
    [
      'no pages, another end',
      { pages: [], end: 'It is lost in the crash' },
      'It is lost in the crash, not: it goes on',
    ],
  ])('tells %s', (_what, found, difference) => {
    expect(differenceOf({ ...REASON, ...found }, REASON)).toBe(difference);
  });
});
