// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { FaultOutcome, InvariantOutcome, Verdict } from '../check/judgement.ts';
import { judgedCell } from './testing/judged-cell-builder.ts';
import { type RunSummary, summary } from './judged-cell.ts';

const KEPT = { outcome: 'kept', known: null, why: '', pages: [], evidence: null } as const;
const SHOWN = { ...KEPT, outcome: 'known', known: { reference: 'commit 1234' } } as const;
const GONE = { ...SHOWN, outcome: 'kept' } as const;
const BROKEN = { ...KEPT, outcome: 'broken' } as const;
const NONE: RunSummary = { match: 0, mismatch: 0, unjudged: 0, known: 0 };

const NO_BOOT: Verdict = { kind: 'boot-failure', lastLine: 'Kernel panic - not syncing: no init' };
const NO_VMCORE: Verdict = { kind: 'no-vmcore', phase: 'capture' };
const UNJUDGED: Verdict = { kind: 'unjudged', code: 'E_DEADLINE', why: 'Waited 60 s for boot' };

describe('summary', () => {
  it('counts cells that did not boot or gave no vmcore as a mismatch', () => {
    const verdicts: Verdict[] = [
      { kind: 'match' },
      { kind: 'match' },
      { kind: 'mismatch', broken: ['lowmem.locked'] },
      NO_BOOT,
      NO_VMCORE,
      UNJUDGED,
    ];
    const cells = verdicts.map((verdict) => judgedCell({ judgement: { verdict } }));
    expect(summary(cells)).toEqual({ match: 2, mismatch: 3, unjudged: 1, known: 0 });
  });

  it.each<{ what: string; verdict: Verdict; invariants: InvariantOutcome[]; counts: object }>([
    {
      what: 'match that shows two known defects',
      verdict: { kind: 'match' },
      invariants: [
        { id: 'lowmem.locked', ...SHOWN },
        { id: 'kdump.dmesg', ...SHOWN },
      ],
      counts: { match: 1, known: 1 },
    },
    {
      what: 'match that no longer shows a known defect',
      verdict: { kind: 'match' },
      invariants: [{ id: 'lowmem.locked', ...GONE }],
      counts: { match: 1 },
    },
    {
      what: 'mismatch that shows a known defect too',
      verdict: { kind: 'mismatch', broken: ['lowmem.locked'] },
      invariants: [
        { id: 'lowmem.locked', ...BROKEN },
        { id: 'kdump.dmesg', ...SHOWN },
      ],
      counts: { mismatch: 1, known: 1 },
    },
    {
      what: 'boot failure that is known',
      verdict: NO_BOOT,
      invariants: [{ id: 'boot.userspace', ...SHOWN }],
      counts: { match: 1, known: 1 },
    },
    {
      what: 'boot failure that is known, with something broken beside it',
      verdict: NO_BOOT,
      invariants: [
        { id: 'boot.userspace', ...SHOWN },
        { id: 'lowmem.firmware-kept', ...BROKEN },
      ],
      counts: { mismatch: 1, known: 1 },
    },
    {
      what: 'boot failure, where something else is known',
      verdict: NO_BOOT,
      invariants: [
        { id: 'boot.userspace', ...BROKEN },
        { id: 'lowmem.firmware-kept', ...SHOWN },
      ],
      counts: { mismatch: 1, known: 1 },
    },
    {
      what: 'missing vmcore that is known',
      verdict: NO_VMCORE,
      invariants: [{ id: 'kdump.captured', ...SHOWN }],
      counts: { match: 1, known: 1 },
    },
    {
      what: 'missing vmcore, where something else is known',
      verdict: NO_VMCORE,
      invariants: [{ id: 'boot.userspace', ...SHOWN }],
      counts: { mismatch: 1, known: 1 },
    },
    {
      what: 'cell that could not be judged and shows a known defect',
      verdict: UNJUDGED,
      invariants: [{ id: 'lowmem.locked', ...SHOWN }],
      counts: { unjudged: 1, known: 1 },
    },
  ])('counts a $what as $counts', ({ verdict, invariants, counts }) => {
    const cell = judgedCell({ judgement: { verdict, invariants } });
    expect(summary([cell])).toEqual({ ...NONE, ...counts });
  });

  it.each<{ what: string; caught: FaultOutcome['caught']; verdict: Verdict; counts: object }>([
    { what: 'caught', caught: ['lowmem.locked'], verdict: { kind: 'match' }, counts: { match: 1 } },
    { what: 'caught at boot', caught: ['lowmem.locked'], verdict: NO_BOOT, counts: { match: 1 } },
    {
      what: 'caught in a cell that ended early',
      caught: ['lowmem.locked'],
      verdict: UNJUDGED,
      counts: { match: 1 },
    },
    { what: 'missed', caught: [], verdict: { kind: 'match' }, counts: { mismatch: 1 } },
    {
      what: 'missed, whatever else broke',
      caught: [],
      verdict: NO_BOOT,
      counts: { mismatch: 1 },
    },
    { what: 'not seen', caught: [], verdict: UNJUDGED, counts: { unjudged: 1 } },
  ])('counts a seeded fault that was $what as $counts', ({ caught, verdict, counts }) => {
    const fault = { name: 'boot-services-freed', caughtBy: ['lowmem.locked'], caught };
    const invariants = caught.map((id) => ({ id, ...SHOWN }));
    const cell = judgedCell({ judgement: { verdict, invariants, fault } });
    expect(summary([cell])).toEqual({ ...NONE, ...counts });
  });
});
