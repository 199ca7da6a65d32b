// SPDX-License-Identifier: MIT
import type { InvariantOutcome, Judgement } from '../../check/judgement.ts';
import { judgedCell } from '../../matrix/testing/judged-cell-builder.ts';
import type { JudgedCell, RunResult } from '../../matrix/judged-cell.ts';
import type { PageClass } from '../../memory/kpageflags.ts';
import { physAddr } from '../../memory/pfn.ts';
import { PLAIN_MACHINE } from '../../model/model-inputs.ts';
import type { Owner } from '../../model/owners.ts';
import { predict } from '../../model/prediction.ts';
import { pagesOfRun } from '../../memory/page-map.ts';

/** What a guest might write to harm a reader: an escape sequence, markup, lines of TAP, a NUL. */
export const HOSTILE = '\u001b[31mred]]> # SKIP \\ <x a="1"> &amp;\n1..1\nnot ok\u0000]]>\u202e';

/** The reference of a known defect. */
export const REFERENCE = 'https://bugs.debian.org/1#5';

/** So many pages in a row. */
type Runs<T> = readonly (readonly [nr: number, T])[];

const LOW_OWNERS: Runs<Owner> = [
  [1, 'page0'],
  [15, 'bios'],
];
const HIGH_OWNERS: Runs<Owner> = [
  [6, 'trampoline'],
  [1, 'bios'],
  [96, 'firmware'],
];

/** The pages of Debian's 5.10 under OVMF without crashkernel, and with it. */
export const UNLOCKED: Runs<Owner> = [...LOW_OWNERS, [137, 'free'], ...HIGH_OWNERS];
export const LOCKED: Runs<Owner> = [...LOW_OWNERS, [137, 'lock'], ...HIGH_OWNERS];

/** A judgement with pages, by default observed as predicted. */
export function withPages(predicted: Runs<Owner>, observed?: Runs<PageClass>): Partial<Judgement> {
  const { observation } = judgedCell().judgement;
  const owners = flat(predicted);
  const classes = observed ? flat(observed) : owners.map(classOf);
  return {
    observation: {
      ...observation,
      pages: { value: classes },
      trampoline: { value: physAddr(0x99000) },
    },
    prediction: {
      ...predict({ ...PLAIN_MACHINE, e820: [], efiMap: null }, 'lock-on-crashkernel'),
      pages: owners.map((owner) => ({ owner, history: [] })),
    },
  };
}

function classOf(owner: Owner): PageClass {
  return owner === 'free' ? 'free' : 'reserved';
}

function flat<T>(runs: Runs<T>): T[] {
  return runs.flatMap(([nr, value]) => Array.from({ length: nr }, () => value));
}

/** An invariant that is kept, unless the test says otherwise. */
export function invariant(words: Partial<InvariantOutcome>): InvariantOutcome {
  const kept = { outcome: 'kept', known: null, why: '', pages: [], evidence: null } as const;
  return { id: 'boot.userspace', ...kept, ...words };
}

/** A run of these cells. */
export function runOf(...cells: readonly JudgedCell[]): RunResult {
  return {
    id: 'run',
    folder: 'results/run',
    startedAt: '2026-11-22T13:30:00.000Z',
    seconds: 75.5,
    cells,
  };
}

/** A cell whose kernel left four locked pages usable, with an invariant of each outcome. */
export function brokenCell(): JudgedCell {
  const why = "4 pages below 1 MiB are the system kernel's to use";
  const seen = withPages(LOCKED, [
    [16, 'reserved'],
    [3, 'free'],
    [1, 'used'],
    [236, 'reserved'],
  ]);
  return judgedCell({
    axes: { kernel: ['debian:5.10'], crashkernel: ['256M'] },
    judgement: {
      ...seen,
      policy: { id: 'lock-on-crashkernel', how: 'probed' },
      verdict: { kind: 'mismatch', broken: ['lowmem.locked'] },
      invariants: [
        invariant({}),
        invariant({
          id: 'lowmem.locked',
          outcome: 'broken',
          why,
          pages: pagesOfRun('0x10-0x13'),
          evidence: 'system/kpageflags',
        }),
        invariant({
          id: 'kdump.dmesg',
          outcome: 'known',
          known: { reference: REFERENCE },
          why: 'The log ends early',
        }),
        invariant({ id: 'panic.reboots', outcome: 'unseen', why: 'With crashkernel # none asked' }),
      ],
    },
  });
}

/** A match whose known defect no longer shows. */
export function mendedCell(): JudgedCell {
  const known = { reference: REFERENCE };
  const why = 'The page allocator does not have page 0';
  const page0 = { known, why, pages: pagesOfRun('0x0'), evidence: 'system/kpageflags' } as const;
  return judgedCell({
    judgement: {
      invariants: [
        invariant({}),
        invariant({ id: 'lowmem.page0-kept', ...page0 }),
        invariant({ id: 'kdump.dmesg', outcome: 'unseen', known, why: 'Without crashkernel' }),
      ],
    },
  });
}

/** A cell whose kernel does not boot, which is known. */
export function unbootableCell(): JudgedCell {
  return judgedCell({
    axes: { layout: ['x1c6'] },
    judgement: {
      verdict: { kind: 'boot-failure', lastLine: 'Kernel panic' },
      invariants: [
        invariant({
          outcome: 'known',
          known: { reference: REFERENCE },
          why: 'The machine ended in phase boot: Kernel panic',
          evidence: 'console.log',
        }),
      ],
    },
  });
}

/** A cell that could not be judged; all its words are a guest's. */
export function hostileCell(): JudgedCell {
  return judgedCell({
    record: {
      id: HOSTILE,
      kernel: { release: HOSTILE, image: '', imageSha256: '', package: null },
    },
    judgement: {
      verdict: { kind: 'unjudged', code: 'E_GUEST_LINK', why: HOSTILE },
      invariants: [
        invariant({ outcome: 'broken', why: HOSTILE, evidence: 'console.log' }),
        invariant({ id: 'boot.all-cpus', outcome: 'unseen', why: HOSTILE }),
        invariant({
          id: 'kdump.dmesg',
          outcome: 'known',
          known: { reference: HOSTILE },
          why: HOSTILE,
        }),
      ],
    },
  });
}
