// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import type { InvariantId } from '../check/invariants/invariants.ts';
import type { InvariantOutcome, Verdict } from '../check/judgement.ts';
import type { JudgedCell } from './judged-cell.ts';
import { invariantEnd, runEnd } from './run-end.ts';
import { judgedCell } from './testing/judged-cell-builder.ts';

function unjudged(code: string): Verdict {
  return { kind: 'unjudged', code, why: '' };
}

const MATCH: Verdict = { kind: 'match' };
const BROKEN: Verdict = { kind: 'mismatch', broken: ['lowmem.locked'] };

function cellsWith(...verdicts: readonly Verdict[]): JudgedCell[] {
  return verdicts.map((verdict) => judgedCell({ judgement: { verdict } }));
}

it.each([
  { what: 'no cell', verdicts: [], end: 'done' },
  { what: 'matches', verdicts: [MATCH, MATCH], end: 'done' },
  { what: 'a mismatch', verdicts: [MATCH, BROKEN], end: 'broken' },
  { what: 'one that cannot be judged', verdicts: [unjudged('E_EVIDENCE'), MATCH], end: 'unjudged' },
  { what: 'that and a mismatch', verdicts: [unjudged('E_EVIDENCE'), BROKEN], end: 'broken' },
  { what: 'one whose host failed', verdicts: [MATCH, unjudged('E_HOST')], end: 'host' },
  { what: 'a bug of ours', verdicts: [unjudged('E_HOST'), unjudged('E_BUG')], end: 'bug' },
  { what: 'a bug of ours and a mismatch', verdicts: [unjudged('E_BUG'), BROKEN], end: 'broken' },
  {
    what: 'a mismatch that a bug of ours cut short',
    verdicts: [{ ...BROKEN, cutShort: unjudged('E_BUG') } as Verdict],
    end: 'broken',
  },
  {
    what: 'an interrupt and a mismatch',
    verdicts: [BROKEN, unjudged('E_INTERRUPTED')],
    end: 'interrupted',
  },
  { what: 'bytes of a guest', verdicts: [unjudged('E_FORMAT')], end: 'unjudged' },
  { what: 'a code of a later sub1m', verdicts: [unjudged('E_NEW')], end: 'unjudged' },
  { what: 'a code that is no code', verdicts: [unjudged('constructor')], end: 'unjudged' },
])('ends a run with $what as $end', ({ verdicts, end }) => {
  expect(runEnd(cellsWith(...verdicts))).toBe(end);
});

it('counts a kernel that shows nothing but known defects as one that keeps its promises', () => {
  const outcome = { outcome: 'known', known: { reference: 'r' }, why: '', pages: [] } as const;
  const known = judgedCell({
    judgement: {
      verdict: { kind: 'boot-failure', lastLine: '' },
      invariants: [{ id: 'boot.userspace', evidence: null, ...outcome }],
    },
  });
  expect(runEnd([known])).toBe('done');
});

it('asks of a seeded fault alone that it is caught, whatever it hid', () => {
  const verdict = unjudged('E_EVIDENCE');
  const faultCell = (caught: readonly InvariantId[]): JudgedCell =>
    judgedCell({
      judgement: { verdict, fault: { name: 'one', caughtBy: ['kdump.confined'], caught } },
    });
  expect(runEnd([faultCell(['kdump.confined'])])).toBe('done');
  expect(runEnd([faultCell([])])).toBe('unjudged');
});

interface OneInvariant {
  outcomes: InvariantOutcome['outcome'][];
  verdict?: Verdict;
  end: string;
}

it.each<OneInvariant>([
  { outcomes: ['kept', 'kept'], end: 'done' },
  { outcomes: ['kept', 'known'], end: 'done' },
  { outcomes: ['unseen', 'broken'], end: 'broken' },
  { outcomes: ['kept', 'unseen'], end: 'unjudged' },
  { outcomes: ['kept', 'not-asked'], end: 'done' },
  { outcomes: ['not-asked'], end: 'unjudged' },
  { outcomes: [], end: 'unjudged' },
  { outcomes: ['kept', 'kept'], verdict: unjudged('E_BUG'), end: 'done' },
  { outcomes: ['kept', 'unseen'], verdict: unjudged('E_BUG'), end: 'bug' },
  { outcomes: ['kept', 'not-asked'], verdict: unjudged('E_INTERRUPTED'), end: 'interrupted' },
  { outcomes: ['kept', 'not-asked'], verdict: unjudged('E_EVIDENCE'), end: 'done' },
  { outcomes: ['broken', 'unseen'], verdict: unjudged('E_BUG'), end: 'broken' },
])('ends as $end where an invariant is $outcomes', ({ outcomes, verdict, end }) => {
  const rest = { known: null, why: '', pages: [], evidence: null };
  const cells = outcomes.map((outcome, nr) =>
    judgedCell({
      judgement: {
        ...(verdict && nr === outcomes.length - 1 && { verdict }),
        invariants: [
          { id: 'lowmem.locked', outcome, ...rest },
          { id: 'kdump.dmesg', outcome: 'broken', ...rest },
        ],
      },
    }),
  );
  expect(invariantEnd(cells, 'lowmem.locked')).toBe(end);
});
