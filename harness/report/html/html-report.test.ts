// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { INVARIANT_IDS, type InvariantId } from '../../check/invariants/invariants.ts';
import { compareRuns } from '../../matrix/compare-cells.ts';
import type { JudgedCell } from '../../matrix/judged-cell.ts';
import { judgedCell } from '../../matrix/testing/judged-cell-builder.ts';
import { screenText } from '../../memory/printable-text.ts';
import {
  HOSTILE,
  LOCKED,
  UNLOCKED,
  brokenCell,
  hostileCell,
  invariant,
  mendedCell,
  runOf,
  withPages,
} from '../testing/run-builder.ts';
import type { CellLogs } from './cell-files.ts';
import { type HtmlSources, renderHtml } from './html-report.ts';
import { madeLogs, madeRun } from './testing/made-run.ts';
import { ownHashes, packedParts, shownPart, tagsOf, wordsIn } from './testing/report-parts.ts';

const noLogs: HtmlSources = { logs: () => ({}), history: null };

/** What a guest might write to harm a reader of HTML, of a CI log, of a terminal. */
const WORSE = `${HOSTILE}</script><script>alert(1)</script><img src=x onerror="alert(2)">]]>\n::error::x\n##[error]y "'>\u0085\u2028`;

const lines = (text: string): CellLogs => {
  return { 'console.log': { value: { lines: text.split('\n'), first: 1, cut: 0 } } };
};

/** A cell in which all that a guest, or whoever made the bundle, can write is hostile. */
function worseCell(): JudgedCell {
  const { record, judgement } = hostileCell();
  const invariants = judgement.invariants.map((one) => ({ ...one, why: WORSE, shownBy: WORSE }));
  const seen = withPages(LOCKED);
  return {
    record: {
      ...record,
      id: WORSE,
      spec: { ...record.spec, kernel: WORSE, layout: WORSE, crashkernel: WORSE, append: WORSE },
      cmdline: { system: WORSE, capture: WORSE },
      kernel: { release: WORSE, image: WORSE, imageSha256: WORSE, package: WORSE },
    },
    judgement: {
      ...judgement,
      ...seen,
      fault: { name: WORSE, caughtBy: [WORSE], caught: [] },
      invariants: [
        ...invariants,
        invariant({
          id: 'lowmem.locked',
          outcome: 'known',
          known: { reference: WORSE },
          why: WORSE,
        }),
      ],
      verdict: { kind: 'boot-failure', lastLine: WORSE },
    },
    folder: WORSE,
  };
}

describe('whatever a guest writes', () => {
  const plain = judgedCell({ judgement: withPages(UNLOCKED) });
  const plainReport = renderHtml(runOf(plain, brokenCell(), mendedCell()), {
    ...noLogs,
    logs: () => lines('one\ntwo'),
  });
  const report = renderHtml(
    { ...runOf(worseCell(), brokenCell()), id: WORSE, startedAt: WORSE },
    { ...noLogs, logs: () => lines(WORSE) },
  );

  it('is text, in the page and in what it packs', () => {
    const parts = [shownPart(report), ...packedParts(report).values()];
    const known = [shownPart(plainReport), ...packedParts(plainReport).values()].map(tagsOf);
    const names = new Set(known.flatMap(({ elements }) => [...elements]));
    const values = new Set(known.flatMap(({ attributes }) => [...attributes]));
    for (const { elements, attributes } of parts.map(tagsOf)) {
      expect([...elements].filter((name) => !names.has(name))).toEqual([]);
      expect([...attributes].filter((name) => !values.has(name))).toEqual([]);
    }
    expect([...values].filter((name) => /^(?:on|style$|src)/.test(name))).toEqual([]);
  });

  it('is there to read', () => {
    const [page = ''] = packedParts(report).values();
    expect(wordsIn(page)).toContain('<img src=x onerror="alert(2)">]]>');
    expect(wordsIn(shownPart(report))).toContain('</script><script>alert(1)</script>');
  });

  it('moves nothing: no control character, no change of direction', () => {
    for (const part of [report, ...packedParts(report).values()]) {
      expect(part).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u);
    }
  });

  it('leads nowhere but to a page of the web', () => {
    const addresses = [...report.matchAll(/href="([^"]*)"/g)].map(([, address]) => address);
    expect(addresses.every((address) => /^(#|https?:\/\/)/.test(address ?? ''))).toBe(true);
  });
});

describe('the page', () => {
  const run = runOf(judgedCell({ judgement: withPages(UNLOCKED) }), brokenCell(), mendedCell());
  const report = renderHtml(run, noLogs);

  it('lets nothing be loaded, and runs no script but its own', () => {
    const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(report) ?? [];
    const [style = '', script = ''] = ownHashes(report);
    expect(policy.replaceAll('&#39;', "'").split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${script}`,
      `style-src ${style}`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(report).not.toMatch(/\s(?:src|srcset|action|data|ping)=|@import|url\(/);
  });

  it('is what is written: the last that all text passes changes nothing of it', () => {
    expect(screenText(report)).toBe(report);
  });

  it('says how the run ended, and what is wrong, before anything else', () => {
    const words = wordsIn(shownPart(report));
    expect(words).toContain(
      'Summary 2 match 1 mismatch 0 unjudged 1 with a known defect 2 promises unseen none tried seeded faults',
    );
    expect(words).toContain(
      "Broken lowmem.locked : 4 pages below 1 MiB are the system kernel's to use: pages 0x10-0x13 debian-5.10.crashkernel-256m",
    );
    expect(words).toContain('Known defects that no longer show lowmem.page0-kept : ');
  });

  it('has a square for each cell, with a letter for each promise', () => {
    const squares = report.matchAll(/<a\s+class="square (\w+)".*?<\/a/gs);
    const read = Array.from(squares, ([square, style]) => ({
      style,
      outcomes: /data-outcomes="([^"]*)"/.exec(square)?.[1],
      title: /title="([^"]*)"/.exec(square)?.[1],
      letter: />\s*(\S)\s*<\/a/.exec(square)?.[1],
    }));
    const set = (letters: Readonly<Partial<Record<InvariantId, string>>>): string =>
      INVARIANT_IDS.map((id) => letters[id] ?? '-').join('');
    const off = 'debian:6.12, stock, crashkernel off: match';
    // A row for each kernel.
    expect(read).toEqual([
      { style: 'good', outcomes: set({}), title: off, letter: 'M' },
      {
        style: 'good',
        outcomes: set({ 'boot.userspace': 'k', 'lowmem.page0-kept': 'k', 'kdump.dmesg': '?' }),
        title: off,
        letter: 'M',
      },
      {
        style: 'bad',
        outcomes: set({
          'boot.userspace': 'k',
          'lowmem.locked': 'x',
          'kdump.dmesg': 'd',
          'panic.reboots': '?',
        }),
        title: 'debian:5.10, stock, crashkernel 256M: mismatch',
        letter: 'X',
      },
    ]);
  });

  it('counts the seeded faults that were caught, and names the one that was missed', () => {
    const fault = (name: string, caught: readonly 'lowmem.locked'[]): JudgedCell =>
      judgedCell({ judgement: { fault: { name, caughtBy: ['lowmem.locked'], caught } } });
    const words = wordsIn(
      shownPart(renderHtml(runOf(fault('a', ['lowmem.locked']), fault('b', [])), noLogs)),
    );
    expect(words).toContain('1 of 2 seeded faults would be caught');
    expect(words).toContain(
      'Seeded faults that were missed The seeded fault b was missed: expected lowmem.locked',
    );
    expect(words).toMatch(
      /b missed : expected lowmem\.locked, nothing was broken .* a caught by lowmem\.locked/,
    );
  });

  it('says why a cell could not be judged', () => {
    const verdict = { kind: 'unjudged', code: 'E_HOST', why: 'The disk is full' } as const;
    const words = wordsIn(
      shownPart(renderHtml(runOf(judgedCell({ judgement: { verdict } })), noLogs)),
    );
    expect(words).toContain('Could not be judged E_HOST: The disk is full');
  });
});

describe('the page of a cell', () => {
  const pageOf = (cell: JudgedCell, sources = noLogs): string =>
    packedParts(renderHtml(runOf(cell), sources)).get(`cell-${cell.record.id}`) ?? '';

  it('has what is broken first, where the evidence is, and the command', () => {
    const words = wordsIn(pageOf(brokenCell()));
    expect(words).toContain(
      'X mismatch, 1 promise could not be seen Run it again ./sub1m check debian:5.10 --crashkernel 256M ',
    );
    expect(words).toMatch(
      /outcome promise what was seen x broken lowmem\.locked .* pages 0x10-0x13 evidence: debian-5\.10\.crashkernel-256m\/system\/kpageflags d broken, a known defect kdump\.dmesg .* k kept boot\.userspace/,
    );
  });

  it('has its phases in order', () => {
    const words = wordsIn(pageOf(brokenCell()));
    expect(words).toContain(
      'Total: 12.3 s phase time when the machine waited for firmware 2.5 s boot 6.3 s',
    );
  });

  it('says what the machine waited for, and that an attempt came to nothing', () => {
    const cell = brokenCell();
    const boot = {
      cpu: 1,
      memory: 0,
      io: 0.02,
      steal: 0,
      waited: 0.31,
      machines: 2,
      availableMiB: 9,
    };
    const pressure = { boot, firmware: { ...boot, io: null, waited: 0.004 } };
    const attempts = [{ code: 'E_HOST', why: 'The host was too busy' }];
    const words = wordsIn(pageOf({ ...cell, record: { ...cell.record, pressure, attempts } }));
    expect(words).toContain('one attempt proved nothing (E_HOST): The host was too busy phase');
    expect(words).toContain('firmware 2.5 s nothing boot 6.3 s a processor 31 %, a disk 2 %');
  });

  it('shows the end of its logs, and says what is left out', () => {
    const end = { lines: ['  two', 'three'], first: 12, cut: 345 };
    const page = pageOf(brokenCell(), {
      ...noLogs,
      logs: () => ({ 'console.log': { value: end } }),
    });
    expect(page).toMatch(
      /<pre[^>]*data-log="console.log"[^>]*data-first="12"[^>]*>\n {2}two\nthree<\/pre>/s,
    );
    expect(wordsIn(page)).toContain('The first 345 bytes are left out');
  });

  it('compares it with its base', () => {
    const run = { ...runOf(brokenCell()) };
    const base = judgedCell({
      axes: { kernel: ['debian:6.1'], crashkernel: ['256M'] },
      judgement: { ...withPages(LOCKED), invariants: [invariant({ id: 'lowmem.locked' })] },
    });
    const compared = compareRuns([base], run.cells);
    const comparison = { base: 'debian:6.1', ref: 'debian:6.1', sameImage: false, ...compared };
    const report = renderHtml({ ...run, comparison }, noLogs);
    const words = wordsIn([...packedParts(report).values()].join(''));
    expect(words).toContain('Compared with debian:6.1 pages 0x10-0x13 : lock → free');
    expect(words).toContain('lowmem.locked : kept → broken');
    expect(wordsIn(shownPart(report))).toContain('No difference in 0 cells.');
  });
});

describe('a large run', () => {
  it('takes a few KB for each cell, and all its cells are there', () => {
    const run = madeRun(600);
    const report = renderHtml(run, { ...noLogs, logs: (cell) => madeLogs(cell, 4096) });
    expect(packedParts(report).size).toBe(600);
    expect(report.match(/<a\s+class="square/g)).toHaveLength(600);
    expect(report.length / 600).toBeLessThan(6000);
  });

  it('shows a hundred maps, packs the rest, and each cell finds its own', () => {
    const cells = Array.from({ length: 110 }, (_, nr) =>
      judgedCell({
        axes: { kernel: [`debian:6.${nr}`] },
        judgement: withPages([
          [nr + 1, 'page0'],
          [255 - nr, 'free'],
        ]),
      }),
    );
    const report = renderHtml(runOf(...cells), noLogs);
    const packed = packedParts(report);
    const maps = [...packed.keys()].filter((name) => name.startsWith('map-'));
    expect(maps).toHaveLength(10);
    expect(wordsIn(shownPart(report))).toContain('10 more maps are in the pages of their cells.');
    const wanted = [...packed.values()].flatMap(
      (page) => /data-map="([^"]*)"/.exec(page)?.[1] ?? [],
    );
    expect(new Set(wanted).size).toBe(110);
    for (const map of wanted) expect(packed.has(map) || report.includes(`id="${map}"`)).toBe(true);
  });
});
