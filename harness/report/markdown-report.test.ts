// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import { renderMarkdown } from './markdown-report.ts';
import { readMarkdown } from './testing/markdown.ts';
import {
  LOCKED,
  REFERENCE,
  brokenCell,
  invariant,
  mendedCell,
  runOf,
  unbootableCell,
  withPages,
} from './testing/run-builder.ts';

const BROKEN = { outcome: 'broken', why: 'It does not' } as const;

describe('renderMarkdown', () => {
  it('says what is broken, where the proof is, and how to see it again', () => {
    expect(renderMarkdown(runOf(brokenCell()))).toMatchInlineSnapshot(`
      "## sub1m: 0 match, 1 mismatch, 0 unjudged

      1 cell in 1 min 15 s: 0 match, 1 mismatch, 0 unjudged, 1 with a known defect

      | kernel | layout | crashkernel | accel | policy | verdict | seconds |
      | --- | --- | --- | --- | --- | --- | --- |
      | \`6.12.43+deb12-cloud-amd64\` | \`stock\` | \`256M\` | tcg | lock-on-crashkernel | **mismatch**, 1 unseen | 12.3 |

      ### Broken

      \`lowmem.locked\` is broken: the kernel promises that with crashkernel, no page below 1 MiB is usable by the system kernel (1 cell)

      \`\`\`
      debian-5.10.crashkernel-256m
        4 pages below 1 MiB are the system kernel's to use
        0x10-0x12: lock predicted, free observed
        0x13: lock predicted, used observed
        evidence: results/run/debian-5.10.crashkernel-256m/system/kpageflags
      \`\`\`

      To reproduce:

      \`\`\`
      sub1m check debian:5.10 --crashkernel 256M
      \`\`\`

      ### Known defects

      \`kdump.dmesg\` is a known defect: <https://bugs.debian.org/1#5> (1 cell)

      \`\`\`
      debian-5.10.crashkernel-256m
        The log ends early
      \`\`\`

      ### Promises that could not be seen

      - \`panic.reboots\`

      ### Pages that differ

      \`6.12.43+deb12-cloud-amd64, crashkernel 256M\`

      \`\`\`
                 +0x0             +0x10000         +0x20000         +0x30000
        0x00000  0bbbbbbbbbbbbbbb LLLLLLLLLLLLLLLL LLLLLLLLLLLLLLLL LLLLLLLLLLLLLLLL
                                  ^^^^
        0x40000  LLLLLLLLLLLLLLLL LLLLLLLLLLLLLLLL LLLLLLLLLLLLLLLL LLLLLLLLLLLLLLLL
        0x80000  LLLLLLLLLLLLLLLL LLLLLLLLLTTTTTTb ffffffffffffffff ffffffffffffffff
        0xc0000  ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff
        0  page 0: taken off the map, it belongs to the BIOS
        b  the BIOS's old habits: the first 64 KiB, its data area up to 640 KiB
        L  the lock: kept from the system kernel because of crashkernel=
        T  the real-mode trampoline, for starting CPUs
        f  firmware: no RAM in the map that the kernel works from
        ^  not observed as predicted
      \`\`\`

      Bundles: \`results/run\`
      "
    `);
  });

  it('links known defects, those that no longer show, too', () => {
    const { links, headings } = readMarkdown(renderMarkdown(runOf(mendedCell(), unbootableCell())));
    expect(links).toEqual([REFERENCE, REFERENCE]);
    expect(headings).toContain('Known defects that no longer show');
    expect(headings).not.toContain('Broken');
  });

  it('says how many of the seeded faults that were tried were caught', () => {
    const faults = [
      ['early-free', ['boot.sound']],
      ['no-lock', []],
    ] as const;
    const cells = faults.map(([name, caught]) =>
      judgedCell({ judgement: { fault: { name, caught, caughtBy: ['boot.sound'] } } }),
    );
    const text = renderMarkdown(runOf(...cells));
    expect(text).toContain('would have caught 1 of 2 seeded faults; 2 tried in this run**\n');
    expect(text).toContain('\n**sub1m missed the seeded fault** `no-lock` (1 cell)\n');
    expect(readMarkdown(text).tables[0]).toEqual([2, 2, 2]);
  });

  it('shows of many cells those that are not as they should be', () => {
    const good = Array.from({ length: 98 }, () => judgedCell());
    const bad = judgedCell({
      judgement: {
        verdict: { kind: 'mismatch', broken: ['boot.sound'] },
        invariants: [invariant({ id: 'boot.sound', ...BROKEN })],
      },
    });
    const text = renderMarkdown(runOf(...good, bad, bad));
    expect(readMarkdown(text).tables).toEqual([[7, 7, 7]]);
    expect(text).toContain('\n98 other cells not shown here.\n');
  });

  it('shows of a finding in many cells the first', () => {
    const cells = Array.from({ length: 9 }, () => brokenCell());
    const text = renderMarkdown(runOf(...cells));
    expect(text).toContain('\nand 6 other cells\n```\n');
    expect(text.match(/evidence: /g)).toHaveLength(3);
  });

  it('shows some of many maps', () => {
    const cells = Array.from({ length: 10 }, (_, nr) => {
      const { judgement, ...cell } = brokenCell();
      const seen = withPages(LOCKED, [
        [16, 'reserved'],
        [nr + 1, 'free'],
        [239 - nr, 'reserved'],
      ]);
      return { ...cell, judgement: { ...judgement, ...seen } };
    });
    const text = renderMarkdown(runOf(...cells));
    expect(text.match(/^ +\+0x0 /gm)).toHaveLength(8);
    expect(text).toContain('\n2 other maps not shown here.\n');
  });

  it('shows how the kernel differs from its base', () => {
    const comparison = { base: 'v6.12', ref: 'r', sameImage: true, cells: [], times: [] };
    const text = renderMarkdown({ ...runOf(judgedCell()), comparison });
    expect(readMarkdown(text).codes).toContain(
      'Compared with v6.12:\n  no difference: the images are the same byte for byte',
    );
  });

  it('is a document without cells, too', () => {
    expect(readMarkdown(renderMarkdown(runOf())).headings).toEqual([
      'sub1m: 0 match, 0 mismatch, 0 unjudged',
    ]);
  });
});
