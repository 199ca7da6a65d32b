// SPDX-License-Identifier: MIT
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import { renderConsoleReport } from './console-report.ts';
import {
  LOCKED,
  REFERENCE,
  UNLOCKED,
  brokenCell,
  hostileCell,
  invariant,
  mendedCell,
  runOf,
  unbootableCell,
  withPages,
} from './testing/run-builder.ts';

const PLAIN = { colour: false, width: 100 };

describe('renderConsoleReport', () => {
  it('shows one map for cells with the same pages, and what the symbols mean', () => {
    const locked = { judgement: withPages(LOCKED) };
    const run = runOf(
      judgedCell({ judgement: withPages(UNLOCKED) }),
      judgedCell({ axes: { crashkernel: ['256M'] }, ...locked }),
      judgedCell({ axes: { crashkernel: ['1G'] }, ...locked }),
    );
    expect(renderConsoleReport(run, PLAIN)).toMatchInlineSnapshot(`
      "kernel                     crashkernel  accel  policy      verdict  seconds
      6.12.43+deb12-cloud-amd64  off          tcg    reserve-1m  match       12.3
      6.12.43+deb12-cloud-amd64  256M         tcg    reserve-1m  match       12.3
      6.12.43+deb12-cloud-amd64  1G           tcg    reserve-1m  match       12.3

      6.12.43+deb12-cloud-amd64, crashkernel off
                 +0x0             +0x10000         +0x20000         +0x30000
        0x00000  0bbbbbbbbbbbbbbb ................ ................ ................
        0x40000  ................ ................ ................ ................
        0x80000  ................ .........TTTTTTb ffffffffffffffff ffffffffffffffff
        0xc0000  ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff

      6.12.43+deb12-cloud-amd64, crashkernel 256M and 1G
                 +0x0             +0x10000         +0x20000         +0x30000
        0x00000  0bbbbbbbbbbbbbbb LLLLLLLLLLLLLLLL LLLLLLLLLLLLLLLL LLLLLLLLLLLLLLLL
        0x40000  LLLLLLLLLLLLLLLL LLLLLLLLLLLLLLLL LLLLLLLLLLLLLLLL LLLLLLLLLLLLLLLL
        0x80000  LLLLLLLLLLLLLLLL LLLLLLLLLTTTTTTb ffffffffffffffff ffffffffffffffff
        0xc0000  ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff

        0  page 0: taken off the map, it belongs to the BIOS
        b  the BIOS's old habits: the first 64 KiB, its data area up to 640 KiB
        .  nobody: free for the page allocator
        T  the real-mode trampoline, for starting CPUs
        f  firmware: no RAM in the map that the kernel works from
        L  the lock: kept from the system kernel because of crashkernel=

      Bundles: results/run
      3 cells in 1 min 15 s: 3 match, 0 mismatch, 0 unjudged
      "
    `);
  });

  it('shows for a few cells what their dumps were compared with, for many only what is wrong', () => {
    const captured = judgedCell({
      axes: { crashkernel: ['256M'] },
      judgement: {
        invariants: [
          invariant({ why: 'The agent spoke' }),
          invariant({ id: 'kdump.vmcore-bytes', why: '8 pages are as at the kexec jump' }),
          invariant({ id: 'kdump.confined', outcome: 'not-asked', why: 'There are no hashes' }),
        ],
      },
    });
    const proof = [
      'debian-6.12.crashkernel-256m: the vmcore',
      '  kdump.vmcore-bytes is kept: 8 pages are as at the kexec jump',
      '',
      '',
    ].join('\n');
    expect(renderConsoleReport(runOf(captured), PLAIN)).toContain(proof);
    const many = runOf(...Array.from({ length: 5 }, () => captured));
    expect(renderConsoleReport(many, PLAIN)).not.toContain('kdump.');
  });

  it('shows what is wrong, page by page, and where the evidence is', () => {
    expect(renderConsoleReport(runOf(brokenCell()), PLAIN)).toMatchInlineSnapshot(`
      "kernel                     crashkernel  accel  policy               verdict             seconds
      6.12.43+deb12-cloud-amd64  256M         tcg    lock-on-crashkernel  mismatch, 1 unseen     12.3

      6.12.43+deb12-cloud-amd64, crashkernel 256M
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
        ?  could not be seen: panic.reboots

      debian-5.10.crashkernel-256m: mismatch, 1 promise could not be seen
        lowmem.locked is broken: 4 pages below 1 MiB are the system kernel's to use
          0x10-0x12: lock predicted, free observed
          0x13: lock predicted, used observed
          evidence: results/run/debian-5.10.crashkernel-256m/system/kpageflags
        kdump.dmesg is a known defect (https://bugs.debian.org/1#5): The log ends early
        panic.reboots could not be seen: With crashkernel # none asked

      Bundles: results/run
      1 cell in 1 min 15 s: 0 match, 1 mismatch, 0 unjudged, 1 with a known defect
      "
    `);
  });

  it('shows a known defect that ends a cell, and one that no longer shows', () => {
    const run = runOf(mendedCell(), unbootableCell());
    expect(renderConsoleReport(run, PLAIN)).toMatchInlineSnapshot(`
      "kernel                     layout  crashkernel  accel  policy      verdict               seconds
      6.12.43+deb12-cloud-amd64  stock   off          tcg    reserve-1m  match, 1 unseen          12.3
      6.12.43+deb12-cloud-amd64  x1c6    off          tcg    reserve-1m  boot-failure (known)     12.3

        ?  could not be seen: kdump.dmesg

      debian-6.12.no-crashkernel: match, 1 promise could not be seen
        lowmem.page0-kept no longer shows a known defect (https://bugs.debian.org/1#5): The page allocator
        does not have page 0
          evidence: results/run/debian-6.12.no-crashkernel/system/kpageflags
        kdump.dmesg could not be seen: Without crashkernel

      debian-6.12.no-crashkernel.x1c6: boot-failure (known)
        Its log tells: Kernel panic
        boot.userspace is a known defect (https://bugs.debian.org/1#5): The machine ended in phase boot:
        Kernel panic
          evidence: results/run/debian-6.12.no-crashkernel.x1c6/console.log

      Bundles: results/run
      2 cells in 1 min 15 s: 2 match, 0 mismatch, 0 unjudged, 1 with a known defect
      "
    `);
  });

  it('paints a cell in which all that is broken is known as it counts', () => {
    const coloured = renderConsoleReport(runOf(unbootableCell()), { ...PLAIN, colour: true });
    expect(coloured).toContain(': boot-failure (known)\u001b[39m');
    expect(coloured).not.toContain('\u001b[31m');
  });

  it('does not claim that a known defect is gone where the cell could not be judged', () => {
    const verdict = { kind: 'unjudged', code: 'E_PERSONALITY', why: 'Other layout' } as const;
    const invariants = [invariant({ known: { reference: REFERENCE } })];
    const cell = judgedCell({ judgement: { verdict, invariants } });
    expect(renderConsoleReport(runOf(cell), PLAIN)).not.toContain(REFERENCE);
  });

  it('shows what was observed where nothing could be predicted', () => {
    const judgement = { ...withPages(UNLOCKED), prediction: null, policy: null };
    expect(renderConsoleReport(runOf(judgedCell({ judgement })), PLAIN)).toMatchInlineSnapshot(`
      "kernel                     crashkernel  accel  policy   verdict  seconds
      6.12.43+deb12-cloud-amd64  off          tcg    unknown  match       12.3

      6.12.43+deb12-cloud-amd64, crashkernel off
                 +0x0             +0x10000         +0x20000         +0x30000
        0x00000  ################ ++++++++++++++++ ++++++++++++++++ ++++++++++++++++
        0x40000  ++++++++++++++++ ++++++++++++++++ ++++++++++++++++ ++++++++++++++++
        0x80000  ++++++++++++++++ +++++++++####### ################ ################
        0xc0000  ################ ################ ################ ################

        #  reserved; not predicted
        +  free; not predicted

      Bundles: results/run
      1 cell in 1 min 15 s: 1 match, 0 mismatch, 0 unjudged
      "
    `);
  });

  it('keeps what a guest wrote on its line', () => {
    expect(renderConsoleReport(runOf(hostileCell()), PLAIN)).toMatchInlineSnapshot(`
      "kernel                                          crashkernel  accel  policy      verdict   seconds
      red]]> # SKIP \\ <x a="1"> &amp; 1..1 not ok]]>  off          tcg    reserve-1m  unjudged     12.3

      red]]> # SKIP \\ <x a="1"> &amp; 1..1 not ok]]>: unjudged
        E_GUEST_LINK: red]]> # SKIP \\ <x a="1"> &amp;
        1..1
        not ok]]>
        boot.userspace is broken: red]]> # SKIP \\ <x a="1"> &amp; 1..1 not ok]]>
          evidence: results/run/debian-6.12.no-crashkernel/console.log
        kdump.dmesg is a known defect (red]]> # SKIP \\ <x a="1"> &amp; 1..1 not ok]]>): red]]> # SKIP \\ <x
        a="1"> &amp; 1..1 not ok]]>

      Bundles: results/run
      1 cell in 1 min 15 s: 0 match, 0 mismatch, 1 unjudged, 1 with a known defect
      "
    `);
  });

  it('shows the fields in which cells differ', () => {
    const cells = [1, 4].map((cpus) =>
      judgedCell({ axes: { cpus: [cpus], load: ['kexec_load'] } }),
    );
    expect(renderConsoleReport(runOf(...cells), PLAIN)).toMatchInlineSnapshot(`
      "kernel                     crashkernel  cpus  accel  policy      verdict  seconds
      6.12.43+deb12-cloud-amd64  off          1     tcg    reserve-1m  match       12.3
      6.12.43+deb12-cloud-amd64  off          4     tcg    reserve-1m  match       12.3

      Bundles: results/run
      2 cells in 1 min 15 s: 2 match, 0 mismatch, 0 unjudged
      "
    `);
  });

  it.each([0, 80, 100])(
    'has no line longer than a screen of %d columns, except for a longer word',
    (width) => {
      const long = 'x'.repeat(300);
      const { record, judgement } = brokenCell();
      const cell = {
        record: { ...record, id: long, kernel: null, spec: { ...record.spec, kernel: long } },
        judgement,
        folder: `results/${long}`,
      };
      const report = renderConsoleReport(
        { ...runOf(cell), folder: `results/${long}` },
        { colour: false, width },
      );
      const tooLong = report.split('\n').filter((line) => line.length > Math.max(width, 78));
      expect(new Set(tooLong.map((line) => line.trim()))).toEqual(
        new Set([`${long}:`, `${long},`, `results/${long}`, `results/${long}/system/kpageflags`]),
      );
    },
  );

  it('says the same in colour', () => {
    const run = runOf(brokenCell(), hostileCell());
    const coloured = renderConsoleReport(run, { ...PLAIN, colour: true });
    expect(coloured).toContain('\u001b[31m\u001b[7mL\u001b[27m\u001b[39m');
    expect(stripVTControlCharacters(coloured)).toBe(renderConsoleReport(run, PLAIN));
  });

  it('says once what an interrupt kept from being run', () => {
    const why = 'Interrupted after 1 of 3 cells';
    const unrun = judgedCell({
      axes: { crashkernel: ['256M'] },
      judgement: { verdict: { kind: 'unjudged', code: 'E_INTERRUPTED', why } },
    });
    const text = renderConsoleReport(runOf(judgedCell(), unrun, unrun), PLAIN);
    expect(text.match(/ unjudged /g)).toHaveLength(2);
    expect(text).toContain('\n\nInterrupted: 2 cells not run to the end\n');
    expect(text).toContain('1 match, 0 mismatch, 2 unjudged');
    expect(text).not.toContain('E_INTERRUPTED');
  });
});
