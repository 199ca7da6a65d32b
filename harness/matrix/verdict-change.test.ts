// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { InvariantOutcome, Verdict } from '../check/judgement.ts';
import { judgedCell } from './testing/judged-cell-builder.ts';
import { type RecordedVerdict, verdictChange } from './verdict-change.ts';

type Outcomes = Readonly<Partial<Record<InvariantOutcome['id'], InvariantOutcome['outcome']>>>;

const NOW = '0.2.0';

function outcomes(of: Outcomes): InvariantOutcome[] {
  return Object.entries(of).map(([id, outcome]) => ({
    id: id as InvariantOutcome['id'],
    outcome,
    known: null,
    why: `${id} is ${outcome}`,
    pages: [],
    evidence: null,
  }));
}

function recorded(verdict: Verdict, of: Outcomes, schema: 1 | 2 = 2): RecordedVerdict {
  return { schema, policy: { id: 'reserve-1m' }, invariants: outcomes(of), fault: null, verdict };
}

function judged(verdict: Verdict, of: Outcomes) {
  return judgedCell({ judgement: { verdict, invariants: outcomes(of) } });
}

const MATCH: Verdict = { kind: 'match' };
const LOCKED: Verdict = { kind: 'mismatch', broken: ['lowmem.locked'] };
const TOLD = { detail: null, broken: [], known: [], policy: 'reserve-1m' };

describe('verdictChange()', () => {
  it('says what was and what is, and which invariant makes the difference', () => {
    const was = recorded(MATCH, { 'lowmem.locked': 'kept', 'boot.userspace': 'kept' });
    const is = judged(LOCKED, { 'lowmem.locked': 'broken', 'boot.userspace': 'kept' });
    expect(verdictChange({ ...was, sub1m: '0.1.0' }, is, NOW)).toEqual({
      cell: is.record.id,
      folder: is.folder,
      from: { ...TOLD, kind: 'match', sub1m: '0.1.0' },
      to: { ...TOLD, kind: 'mismatch', broken: ['lowmem.locked'], sub1m: NOW },
      invariants: [
        { id: 'lowmem.locked', from: 'kept', to: 'broken', why: 'lowmem.locked is broken' },
      ],
      isBroken: true,
      isUnjudged: false,
    });
  });

  it.each<{ what: string; was: RecordedVerdict; now: [Verdict, Outcomes]; broken: boolean }>([
    {
      what: 'a mismatch that is over',
      was: recorded(LOCKED, { 'lowmem.locked': 'broken' }),
      now: [MATCH, { 'lowmem.locked': 'kept' }],
      broken: false,
    },
    {
      what: 'a break that is listed now',
      was: recorded(LOCKED, { 'lowmem.locked': 'broken' }),
      now: [MATCH, { 'lowmem.locked': 'known' }],
      broken: false,
    },
    {
      what: 'another broken invariant',
      was: recorded(LOCKED, { 'lowmem.locked': 'broken' }),
      now: [
        { kind: 'mismatch', broken: ['kdump.dmesg'] },
        { 'lowmem.locked': 'kept', 'kdump.dmesg': 'broken' },
      ],
      broken: true,
    },
    {
      what: 'another reason for not being judged',
      was: recorded({ kind: 'unjudged', code: 'E_EVIDENCE', why: 'a' }, {}),
      now: [{ kind: 'unjudged', code: 'E_HOST', why: 'a' }, {}],
      broken: false,
    },
    {
      what: 'another phase in which the kernel was lost',
      was: recorded({ kind: 'no-vmcore', phase: 'crash' }, {}),
      now: [{ kind: 'no-vmcore', phase: 'capture' }, {}],
      broken: true,
    },
    {
      what: 'a new invariant that is broken',
      was: recorded(MATCH, {}),
      now: [LOCKED, { 'lowmem.locked': 'broken' }],
      broken: true,
    },
  ])('finds $what', ({ was, now, broken }) => {
    expect(verdictChange(was, judged(...now), NOW)).toMatchObject({ isBroken: broken });
  });

  it.each<{ what: string; was: RecordedVerdict; now: [Verdict, Outcomes] }>([
    { what: 'the same', was: recorded(MATCH, {}), now: [MATCH, {}] },
    {
      what: 'other words',
      was: recorded({ kind: 'unjudged', code: 'E_HOST', why: 'a' }, {}),
      now: [{ kind: 'unjudged', code: 'E_HOST', why: 'b' }, {}],
    },
    {
      what: 'a new invariant that is kept',
      was: recorded(MATCH, {}),
      now: [MATCH, { 'lowmem.locked': 'kept' }],
    },
    {
      what: 'what is hidden now',
      was: recorded(MATCH, { 'lowmem.locked': 'kept' }),
      now: [MATCH, { 'lowmem.locked': 'unseen' }],
    },
  ])('takes for no change: $what', ({ was, now }) => {
    expect(verdictChange(was, judged(...now), NOW)).toBeNull();
  });

  it('does not tell of what was called unseen in schema 1, and is not asked', () => {
    const was = { 'lowmem.locked': 'kept', 'kdump.dmesg': 'unseen' } as const;
    const is = judged(LOCKED, { 'lowmem.locked': 'broken', 'kdump.dmesg': 'not-asked' });
    const idsFrom = (schema: 1 | 2) =>
      verdictChange(recorded(MATCH, was, schema), is, NOW)?.invariants.map(({ id }) => id);
    expect(idsFrom(1)).toEqual(['lowmem.locked']);
    expect(idsFrom(2)).toEqual(['lowmem.locked', 'kdump.dmesg']);
  });
});
