// SPDX-License-Identifier: MIT
import { Parser } from 'tap-parser';
import { describe, expect, it } from 'vitest';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import { renderKtap } from './ktap-report.ts';
import {
  brokenCell,
  hostileCell,
  invariant,
  mendedCell,
  runOf,
  unbootableCell,
} from './testing/run-builder.ts';

const MATCHING = judgedCell({ judgement: { invariants: [invariant({})] } });

/** The lines of KTAP without version lines and diagnostics: `  not ok 2 x`, with its indent. */
const LINE = /^(?: {2})?(?:1\.\.\d+|(?:not )?ok \d+ [^#]*(?: # (?:SKIP|XFAIL) .+)?)$/;

describe('renderKtap', () => {
  it('writes a test for each cell and in it one for each invariant', () => {
    expect(renderKtap(runOf(MATCHING, brokenCell()))).toMatchInlineSnapshot(`
      "KTAP version 1
      1..2
        KTAP version 1
        1..1
        ok 1 boot.userspace
      ok 1 debian-6.12.no-crashkernel
        KTAP version 1
        1..4
        ok 1 boot.userspace
        # why: 4 pages below 1 MiB are the system kernel's to use
        # pages: 0x10-0x13
        # evidence: system/kpageflags
        not ok 2 lowmem.locked
        # why: The log ends early
        ok 3 kdump.dmesg # XFAIL https://bugs.debian.org/1\\#5
        ok 4 panic.reboots # SKIP With crashkernel \\# none asked
      # verdict: mismatch
      # bundle: results/run/debian-5.10.crashkernel-256m
      not ok 2 debian-5.10.crashkernel-256m
      "
    `);
  });

  it('passes a cell in which all that is broken is known, and says what no longer shows', () => {
    expect(renderKtap(runOf(mendedCell(), unbootableCell()))).toMatchInlineSnapshot(`
      "KTAP version 1
      1..2
        KTAP version 1
        1..3
        ok 1 boot.userspace
        # no longer shows: https://bugs.debian.org/1#5
        ok 2 lowmem.page0-kept
        ok 3 kdump.dmesg # SKIP Without crashkernel
      ok 1 debian-6.12.no-crashkernel
        KTAP version 1
        1..1
        # why: The machine ended in phase boot: Kernel panic
        # evidence: console.log
        ok 1 boot.userspace # XFAIL https://bugs.debian.org/1\\#5
      # verdict: boot-failure (known)
      # why: Its log tells: Kernel panic
      # bundle: results/run/debian-6.12.no-crashkernel.x1c6
      ok 2 debian-6.12.no-crashkernel.x1c6
      "
    `);
  });

  it('fails a cell that could not be judged, and says why', () => {
    const verdict = { kind: 'unjudged', code: 'E_QMP', why: 'QMP is gone\nlast line' } as const;
    expect(renderKtap(runOf(judgedCell({ judgement: { verdict } })))).toMatchInlineSnapshot(`
      "KTAP version 1
      1..1
        KTAP version 1
        1..0
      # verdict: unjudged
      # why: E_QMP: QMP is gone
      # why: last line
      # bundle: results/run/debian-6.12.no-crashkernel
      not ok 1 debian-6.12.no-crashkernel
      "
    `);
  });

  it.each([
    { indent: '', numbers: '1..3 1 2 3' },
    { indent: '  ', numbers: '1..1 1 1..4 1 2 3 4 1..3 1 2 3' },
  ])('has a plan and as many results, indented by "$indent"', ({ indent, numbers }) => {
    const ktap = renderKtap(runOf(MATCHING, brokenCell(), hostileCell()));
    const line = new RegExp(`^${indent}(?:(1\\.\\.\\d+)$|(?:not )?ok (\\d+) )`, 'gm');
    const found = Array.from(ktap.matchAll(line), ([, plan, number]) => plan ?? number);
    expect(found.join(' ')).toBe(numbers);
  });

  it('is TAP too', () => {
    const parser = new Parser();
    parser.end(renderKtap(runOf(MATCHING, brokenCell())));
    expect(parser.results).toMatchObject({ ok: false, count: 2, pass: 1, fail: 1 });
  });

  it('keeps what a guest wrote in its place', () => {
    const ktap = renderKtap(runOf(hostileCell()));
    expect(ktap).toMatch(/^[ -~\n]*$/);
    const lines = ktap.trimEnd().split('\n');
    const plain = lines.filter(
      (line) => !/^ *(?:# (?:why|verdict|bundle|evidence|pages): |KTAP)/.test(line),
    );
    for (const line of plain) expect(line.replaceAll(/\\[\\#]/g, '')).toMatch(LINE);
    expect(plain).toHaveLength(6);
  });

  it('writes an empty plan for a run without cells', () => {
    expect(renderKtap(runOf())).toBe('KTAP version 1\n1..0\n');
  });
});
