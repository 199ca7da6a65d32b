// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { HistoryLine } from '../../history/history-line.ts';
import { historyLine, keyOf, madeName } from '../../history/testing/history-builder.ts';
import { screenText } from '../../memory/printable-text.ts';
import { renderHistoryPage } from './history-page.ts';
import { madePast } from './testing/made-nights.ts';
import { wordsIn } from './testing/report-parts.ts';

const pageOf = (lines: Iterable<HistoryLine>, count = 0): string =>
  renderHistoryPage({ lines: [...lines], skipped: { count, named: [] } });

const page = pageOf(madePast({ nights: 60, cells: 40 }), 3);
const words = wordsIn(page);

describe('the page of a history', () => {
  it('says how much it rests on, and what could not be read', () => {
    expect(words).toContain('60 nights, 40 cells, 2400 verdicts; 3 lines could not be read');
  });

  it('begins with what the newest night changed, and a fault that was missed', () => {
    expect(words).toContain(
      'The night of 2026-10-30 22:00 UTC 2 new 1 fixed 1 still broken 1 flaky 2 unjudged 33 match 3 mismatch 1 of 2 seeded faults would be caught Detection power: would have caught 1 of 2 seeded faults; 2 tried in this night MISSED: lost caught: leak New since the night before: 2',
    );
    expect(words).toContain(`Still broken: 1 ${madeName(4)} : lowmem.locked`);
    expect(words).toContain(`Could not be judged: 2 ${madeName(6)} : E_DEADLINE , last judged`);
  });

  it('has a row for each night, the newest first, with its detection power', () => {
    const rows = words.match(/2026-\d\d-\d\d(?: \d+){7} \d of \d(?: MISSED: lost)?/g) ?? [];
    expect(rows).toHaveLength(60);
    expect(rows[0]).toBe('2026-10-30 33 3 2 2 1 1 1 1 of 2 MISSED: lost');
    expect(rows[1]).toMatch(/^2026-10-29 .* 2 of 2$/);
    expect(rows.at(-1)).toMatch(/^2026-09-01 /);
  });

  it('sets KVM and TCG side by side as far as it was seen, and says which differ', () => {
    expect(words).toMatch(/verdicts differ in 1 of 2 pairs of the same cell, image and firmware;/);
    expect(words).toContain(
      'lowmem.locked broken under kvm (broken in 30 of 30 (89 % to 100 %)), kept under tcg (broken in 0 of 30 (0 % to 11 %))',
    );
    expect(wordsIn(pageOf([historyLine()]))).toContain(
      'As far as it was seen: no cell was judged under both with the same image and firmware; 1 was judged under one alone.',
    );
  });

  it('has a cell with its strip, its rates by accelerator and its durations', () => {
    const [cell = ''] =
      new RegExp(`<details class="cell" id="cell-${keyOf(madeName(1))}">.*?</details>`, 's').exec(
        page,
      ) ?? [];
    expect(cell).toContain('aria-label="2026-09-01: match; 2026-09-02: broken; ');
    expect(wordsIn(cell)).toContain(
      'broken under kvm under tcg lowmem.locked 30 of 30 (89 % to 100 %) 0 of 30 (0 % to 11 %) 20 promises never broken in 30 runs under tcg (0 % to 11 %)',
    );
    expect(wordsIn(cell)).toMatch(/kvm: median [\d.]+ s, nine of ten within [\d.]+ s \(20 runs\)/);
  });

  it('names each cell once, with an address that its links have', () => {
    const ids = Array.from(page.matchAll(/ id="(cell-[^"]*)"/g), ([, id]) => `#${id}`);
    expect(new Set(ids).size).toBe(40);
    const links = Array.from(page.matchAll(/href="(#cell-[^"]*)"/g), ([, link]) => link);
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((link) => !ids.includes(link ?? ''))).toEqual([]);
  });

  it('runs no script, loads nothing, and is what is written', () => {
    const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(page).not.toMatch(/<script|\s(?:src|srcset|action|data|ping)=|@import|url\(/);
    expect(screenText(page)).toBe(page);
  });

  it('says that there is nothing', () => {
    expect(wordsIn(pageOf([]))).toContain('No run is noted in this history.');
  });
});
