// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { Judgement } from '../check/judgement.ts';
import { type ComparedRun, type Comparison, compareRuns } from '../matrix/compare-cells.ts';
import type { Axes } from '../matrix/expand.ts';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import { renderB4 } from './b4-report.ts';
import { renderChanges } from './changes-report.ts';
import { renderConsoleReport } from './console-report.ts';
import { parseDocument } from './testing/documents.ts';
import { HOSTILE, LOCKED, UNLOCKED, invariant, runOf, withPages } from './testing/run-builder.ts';
import { renderRunDocument } from './run-document.ts';

const PLAIN = { colour: false, width: 100 };
const OFF = { cpus: [1] };
const ON = { crashkernel: ['256M'] };

function logged(judgement: Partial<Judgement>, ...lines: readonly string[]): Partial<Judgement> {
  const { observation } = { ...judgedCell().judgement, ...judgement };
  return { ...judgement, observation: { ...observation, lowMemoryLog: { value: lines } } };
}

/** Cells with and without crashkernel of a kernel that gives low memory out, locks it, and says so. */
function sound(axes: Partial<Axes> = {}): JudgedCell[] {
  const released = { id: 'lowmem.released' } as const;
  const free = { ...withPages(UNLOCKED), invariants: [invariant(released)] };
  return [
    judgedCell({ axes: { ...OFF, ...axes }, judgement: logged(free, 'released 137 pages') }),
    judgedCell({ axes: { ...ON, ...axes }, judgement: logged(withPages(LOCKED), 'locked') }),
  ];
}

/** The same of a kernel that forgets to give it out. */
function faulty(axes: Partial<Axes> = {}): JudgedCell[] {
  const why = '137 pages below 1 MiB stay reserved';
  const released = { id: 'lowmem.released', outcome: 'broken', why } as const;
  const kept = { ...withPages(UNLOCKED, [[256, 'reserved']]), invariants: [invariant(released)] };
  const [, on] = sound(axes);
  if (on === undefined) throw new Error('Expected two cells');
  return [judgedCell({ axes: { ...OFF, ...axes }, judgement: logged(kept) }), on];
}

function comparisonOf(bases: readonly JudgedCell[], cells: readonly JudgedCell[]): Comparison {
  const base = 'HEAD~1 (1a2b3c4d5e6f x86/realmode: Claim once)';
  return { base, ref: '/linux@1a2b3c4d5e6f', sameImage: false, ...compareRuns(bases, cells) };
}

function render(bases: readonly JudgedCell[], cells: readonly JudgedCell[]): string {
  return renderChanges(comparisonOf(bases, cells), PLAIN).join('\n');
}

function compared(bases: readonly JudgedCell[], cells: readonly JudgedCell[]): ComparedRun {
  return { ...runOf(...cells), folder: '/run', comparison: comparisonOf(bases, cells) };
}

describe('renderChanges', () => {
  it('says that there is no difference', () => {
    expect(render(sound(), sound())).toBe(
      'Compared with HEAD~1 (1a2b3c4d5e6f x86/realmode: Claim once):\n  no difference: 2 cells',
    );
    const same = { base: 'debian:6.12', ref: 'debian:6.12', sameImage: true, cells: [], times: [] };
    expect(renderChanges(same, PLAIN)).toEqual([
      'Compared with debian:6.12:',
      '  no difference: the images are the same byte for byte',
    ]);
  });

  it('says what changed: pages with both maps, invariants, log lines', () => {
    expect(render(sound(), faulty())).toMatchInlineSnapshot(`
      "Compared with HEAD~1 (1a2b3c4d5e6f x86/realmode: Claim once):

      crashkernel off
        pages 0x10-0x98: free → reserved
        the base:
                 +0x0             +0x10000         +0x20000         +0x30000
        0x00000  0bbbbbbbbbbbbbbb ................ ................ ................
        0x40000  ................ ................ ................ ................
        0x80000  ................ .........TTTTTTb ffffffffffffffff ffffffffffffffff
        0xc0000  ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff
        this kernel, ^ where it differs:
                 +0x0             +0x10000         +0x20000         +0x30000
        0x00000  0bbbbbbbbbbbbbbb ################ ################ ################
                                  ^^^^^^^^^^^^^^^^ ^^^^^^^^^^^^^^^^ ^^^^^^^^^^^^^^^^
        0x40000  ################ ################ ################ ################
                 ^^^^^^^^^^^^^^^^ ^^^^^^^^^^^^^^^^ ^^^^^^^^^^^^^^^^ ^^^^^^^^^^^^^^^^
        0x80000  ################ #########TTTTTTb ffffffffffffffff ffffffffffffffff
                 ^^^^^^^^^^^^^^^^ ^^^^^^^^^
        0xc0000  ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff
        .  nobody: free for the page allocator
        #  reserved; not predicted
        lowmem.released: kept → broken: 137 pages below 1 MiB stay reserved
        log - released 137 pages

      No difference in 1 other cell"
    `);
  });

  it('names cells with the same changes once, by the settings that set them apart', () => {
    const more = [{ cpus: [2] }, { layout: ['thread-2021'] }];
    const text = render(
      [sound(), ...more.map(sound)].flat(),
      [faulty(), ...more.map(faulty)].flat(),
    );
    expect(text).toContain('\ncrashkernel off\n');
    expect(text).toContain('\nNo difference in 3 other cells');
    const one = render(
      [...sound(), ...sound({ cpus: [2] })],
      [...sound(), ...faulty({ cpus: [2] })],
    );
    expect(one).toContain('\ncrashkernel off, cpus 2\n');
  });

  it('says that cells cannot be compared, and what phases take longer', () => {
    const verdict = { kind: 'unjudged', code: 'E_HOST', why: HOSTILE } as const;
    const [base = judgedCell()] = sound();
    const cell = judgedCell({ axes: OFF, judgement: { verdict } });
    const comparison = comparisonOf([base], [cell]);
    const times = [{ phase: 'boot', from: 6.04, to: 9, cells: 12 } as const];
    expect(renderChanges({ ...comparison, times }, PLAIN).slice(1)).toEqual([
      '',
      'the cell',
      '  cannot be compared: The cell is unjudged: red]]> # SKIP \\ <x a="1"> &amp; 1..1 not ok]]>',
      '  phase boot: 6.0 s → 9.0 s in each of 12 cells',
    ]);
  });
});

describe('the reports of a run with a base', () => {
  it('have what changed', () => {
    const run = compared(sound(), faulty());
    expect(renderConsoleReport(run, PLAIN)).toContain('\nCompared with HEAD~1 (');
    expect(parseDocument('run', renderRunDocument(run))).toMatchObject({
      base: { ref: '/linux@1a2b3c4d5e6f', sameImage: false, cells: [{}, {}] },
      changes: [
        {
          cell: 'debian-6.12.no-crashkernel',
          uncompared: null,
          pages: [{ pages: ['0x10-0x98'], from: 'free', to: 'reserved' }],
          invariants: [{ id: 'lowmem.released', from: 'kept', to: 'broken', isWorse: true }],
          log: { gone: ['released 137 pages'], come: [] },
        },
      ],
      times: [],
    });
  });

  it('have no changes where nothing changed', () => {
    const document = parseDocument('run', renderRunDocument(compared(sound(), sound())));
    expect(document).toMatchObject({ changes: [], times: [] });
    expect(parseDocument('run', renderRunDocument(runOf()))).not.toHaveProperty('base');
  });

  it.each([
    {
      what: 'no base',
      run: runOf(...sound()),
      status: 'pass',
      says: /^2 match, 0 mismatch, 0 unj/,
    },
    {
      what: 'the same',
      run: compared(sound(), sound()),
      status: 'pass',
      says: /; no difference f/,
    },
    {
      what: 'a fault',
      run: compared(sound(), faulty()),
      status: 'fail',
      says: /; 1 cell differs f/,
    },
  ])('are for b4 an array with one result: $what', ({ run, status, says }) => {
    const results = JSON.parse(renderB4(run)) as Record<string, string>[];
    expect(results).toEqual([
      {
        tool: 'sub1m',
        status,
        summary: expect.stringMatching(says) as string,
        url: expect.stringMatching(/^file:\/\/\/.*run$/) as string,
        details: expect.stringContaining('2 cells in 1 min 15 s') as string,
      },
    ]);
  });
});
