// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import type { InvariantOutcome, Judgement, Verdict } from '../check/judgement.ts';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import { SZ_1M, pfn } from '../memory/pfn.ts';
import { physRange } from '../memory/phys-range.ts';
import { PLAIN_MACHINE } from '../model/model-inputs.ts';
import { predict } from '../model/prediction.ts';
import { type CaseOutcome, outcomeOf } from './finding-class.ts';

/** 5.10 locks the first MiB for a crashkernel and frees boot services all the same. */
const LEAKY = predict(
  {
    ...PLAIN_MACHINE,
    e820: [
      { range: physRange(0, 0xa0000), ram: true },
      { range: physRange(SZ_1M, 0x4000_0000), ram: true },
    ],
    efiMap: [
      { type: 4, range: physRange(0x10000, 0x14000), attribute: 0xfn },
      { type: 4, range: physRange(0x63000, 0x8f000), attribute: 0xfn },
    ],
    cmdline: 'crashkernel=256M',
  },
  'lock-on-crashkernel',
);

function broken(id: InvariantOutcome['id'], pages: readonly number[]): InvariantOutcome {
  return {
    id,
    outcome: 'broken',
    known: null,
    why: 'as a test says',
    pages: pages.map((page) => pfn(page)),
    evidence: null,
  };
}

function outcome(verdict: Verdict, judgement: Partial<Judgement> = {}): CaseOutcome {
  return outcomeOf(judgedCell({ judgement: { ...judgement, verdict } }).judgement);
}

it('tells a match and what could not be judged from a finding', () => {
  expect(outcome({ kind: 'match' })).toEqual({ kind: 'match' });
  const unjudged = { kind: 'unjudged', code: 'E_EVIDENCE', why: 'no layout' } as const;
  expect(outcome(unjudged)).toEqual({ kind: 'unjudged', why: 'no layout' });
});

it('classes broken invariants with the functions that gave their pages away', () => {
  const verdict = { kind: 'mismatch', broken: ['lowmem.locked'] } as const;
  const of = (pages: readonly number[]): CaseOutcome =>
    outcome(verdict, { prediction: LEAKY, invariants: [broken('lowmem.locked', pages)] });
  const freed = 'lowmem.locked: efi_free_boot_services';
  expect(of([0x10, 0x11])).toMatchObject({ kind: 'found', class: freed });
  // Other pages, the same cause; and pages above 1 MiB say nothing.
  expect(of([0x70, 0x5000])).toMatchObject({ class: freed });
  expect(of([0x10, 0x98])).not.toMatchObject({ class: freed });
  expect(of([])).toMatchObject({ class: 'lowmem.locked' });
  const untold = { prediction: null, invariants: [broken('lowmem.locked', [0x10])] };
  expect(outcome(verdict, untold)).toMatchObject({ class: 'lowmem.locked' });
});

it('counts a known defect as no finding', () => {
  const known = { ...broken('lowmem.locked', [0x10]), outcome: 'known' } as const;
  expect(outcome({ kind: 'match' }, { invariants: [known] })).toEqual({ kind: 'match' });
});

it.each([
  ['[    0.012345] Kernel panic - not syncing: no room', 'Kernel panic - not syncing: no room'],
  ['---[ end Kernel panic - not syncing: no room ]---', 'Kernel panic - not syncing: no room'],
  ['BUG: unable to handle page at ffff888000099000', 'BUG: unable to handle page at #'],
])('classes a kernel that died by what it said last: %s', (lastLine, line) => {
  expect(outcome({ kind: 'boot-failure', lastLine })).toMatchObject({
    class: `boot-failure: ${line}`,
    why: lastLine,
  });
});

it('says where the model has a kernel die that died', () => {
  const panic = { step: 'setup_real_mode', line: 'no room' };
  const died = { prediction: { ...LEAKY, panic } };
  expect(outcome({ kind: 'boot-failure', lastLine: 'no room' }, died)).toMatchObject({
    class: 'boot-failure: no room',
    why: 'no room; the model says so: setup_real_mode',
  });
});
