// SPDX-License-Identifier: MIT
import { Parser } from 'tap-parser';
import { describe, expect, it } from 'vitest';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import {
  HOSTILE,
  brokenCell,
  hostileCell,
  invariant,
  mendedCell,
  runOf,
  unbootableCell,
} from './testing/run-builder.ts';
import { renderTap } from './tap-report.ts';

const MATCHING = judgedCell({ judgement: { invariants: [invariant({})] } });

describe('renderTap', () => {
  it('writes a subtest for each cell and a point for each invariant', () => {
    expect(renderTap(runOf(MATCHING, brokenCell()))).toMatchInlineSnapshot(`
      "TAP version 14
      1..2
      # Subtest: debian-6.12.no-crashkernel
          1..1
          ok 1 - boot.userspace
      ok 1 - debian-6.12.no-crashkernel
      # Subtest: debian-5.10.crashkernel-256m
          1..4
          ok 1 - boot.userspace
          not ok 2 - lowmem.locked
            ---
            why: "4 pages below 1 MiB are the system kernel's to use"
            pages: ["0x10-0x13"]
            evidence: "system/kpageflags"
            ...
          not ok 3 - kdump.dmesg # TODO https://bugs.debian.org/1\\#5
            ---
            why: "The log ends early"
            pages: []
            evidence: null
            ...
          ok 4 - panic.reboots # SKIP With crashkernel \\# none asked
      not ok 2 - debian-5.10.crashkernel-256m
        ---
        verdict: {"kind":"mismatch","broken":["lowmem.locked"]}
        bundle: "results/run/debian-5.10.crashkernel-256m"
        ...
      "
    `);
  });

  it('says TODO of a known defect, whether it shows or not', () => {
    expect(renderTap(runOf(mendedCell(), unbootableCell()))).toMatchInlineSnapshot(`
      "TAP version 14
      1..2
      # Subtest: debian-6.12.no-crashkernel
          1..3
          ok 1 - boot.userspace
          ok 2 - lowmem.page0-kept # TODO https://bugs.debian.org/1\\#5
          ok 3 - kdump.dmesg # SKIP Without crashkernel
      ok 1 - debian-6.12.no-crashkernel
      # Subtest: debian-6.12.no-crashkernel.x1c6
          1..1
          not ok 1 - boot.userspace # TODO https://bugs.debian.org/1\\#5
            ---
            why: "The machine ended in phase boot: Kernel panic"
            pages: []
            evidence: "console.log"
            ...
      ok 2 - debian-6.12.no-crashkernel.x1c6
        ---
        verdict: {"kind":"boot-failure","lastLine":"Kernel panic"}
        bundle: "results/run/debian-6.12.no-crashkernel.x1c6"
        ...
      "
    `);
  });

  it('passes a cell in which all that is broken is known', () => {
    const parser = new Parser({ strict: true });
    parser.end(renderTap(runOf(mendedCell(), unbootableCell())));
    expect(parser.results).toMatchObject({ ok: true, count: 2, pass: 2, fail: 0 });
  });

  it('is strict TAP that counts a cell as one test', () => {
    const seen: string[] = [];
    const parser = new Parser({ strict: true });
    parser.on('child', (child: Parser) => {
      child.on('complete', ({ pass, fail, skip, todo }) => {
        seen.push(`${child.name}: pass ${pass} fail ${fail} skip ${skip} todo ${todo}`);
      });
    });
    parser.end(renderTap(runOf(MATCHING, brokenCell())));
    expect(parser.results).toMatchObject({ ok: false, count: 2, pass: 1, fail: 1 });
    expect(seen).toEqual([
      'debian-6.12.no-crashkernel: pass 1 fail 0 skip 0 todo 0',
      'debian-5.10.crashkernel-256m: pass 2 fail 2 skip 1 todo 1',
    ]);
  });

  it('keeps what a guest wrote in its place', () => {
    const tap = renderTap(runOf(hostileCell()));
    expect(tap).toMatch(/^[ -~\n]*$/);
    const parser = new Parser({ strict: true });
    parser.end(tap);
    expect(parser.results).toMatchObject({ count: 1, fail: 1, skip: 0 });
    expect(parser.results?.failures[0]).toMatchObject({
      name: 'red]]> # SKIP \\ <x a="1"> &amp; 1..1 not ok]]>',
      diag: { verdict: { kind: 'unjudged', why: HOSTILE } },
    });
  });

  it('writes an empty plan for a run without cells', () => {
    expect(renderTap(runOf())).toBe('TAP version 14\n1..0\n');
  });
});
