// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgedCell } from '../../matrix/testing/judged-cell-builder.ts';
import { predict } from '../../model/prediction.ts';
import { STOCK } from '../../model/testing/machine-builder.ts';
import { type TempDir, makeTempDir } from '../../process/temp-dir.ts';
import { screenText } from '../../memory/printable-text.ts';
import { brokenCell, mendedCell, runOf } from '../testing/run-builder.ts';
import { renderHtml } from './html-report.ts';
import { runHistory } from './run-history.ts';
import { madeNights } from './testing/made-nights.ts';
import { madeLogs, madeRun } from './testing/made-run.ts';
import { findBrowser, openBrowser, violationsOf, widthOf } from './testing/open-browser.ts';

const HOSTILE = '</script><img src=x onerror="alert(1)"><style>*{display:none}</style>';

const LOG = [
  'first',
  `  indented ${HOSTILE}`,
  ...Array.from({ length: 300 }, (_, nr) => `line ${nr}`),
];

/** Of the five grids of a map, which are made alike, axe looks at the last: a second for each 100 pages. */
const GRIDS = '.grid:nth-of-type(-n+4)';

const BROKEN = brokenCell().record.id;

/** A cell with a story for each page. */
function toldCell() {
  const cell = brokenCell();
  const prediction = predict({ ...STOCK, cmdline: 'crashkernel=256M' }, 'two-phase');
  return { ...cell, judgement: { ...cell.judgement, prediction } };
}

let folder: TempDir;
let address: string;

beforeAll(async () => {
  folder = await makeTempDir();
  const fault = { name: 'lost-lock', caughtBy: ['lowmem.locked'], caught: [] };
  const unjudged = { kind: 'unjudged', code: 'E_HOST', why: HOSTILE } as const;
  const run = runOf(
    toldCell(),
    mendedCell(),
    judgedCell({ axes: { layout: ['x1c7'] }, judgement: { fault } }),
    judgedCell({ axes: { layout: ['x1c8'] }, judgement: { verdict: unjudged } }),
  );
  const value = runHistory(run, madeNights(run));
  const lines = { value: { lines: LOG, first: 41, cut: 900 } };
  const report = renderHtml(run, {
    logs: () => ({ 'console.log': lines }),
    history: value && { value },
  });
  address = await written('index.html', report);
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function written(name: string, report: string): Promise<string> {
  const path = join(folder.path, name);
  await writeFile(path, screenText(report));
  return `file://${path}`;
}

const cellAddress = (): string => `${address}#cell-${BROKEN}`;

async function openCell(page: Page): Promise<void> {
  await page.goto(cellAddress());
  await page.waitForSelector('#cell .log span');
}

describe.skipIf(findBrowser() === undefined)('a report in a browser', () => {
  it.each([
    { colorScheme: 'light', width: 1280 },
    { colorScheme: 'dark', width: 320 },
  ] as const)(
    'can be read by everybody: $colorScheme, $width pixels',
    async ({ colorScheme, width }) => {
      await using browser = await openBrowser({ colorScheme, viewport: { width, height: 800 } });
      const { page, complaints } = browser;
      await page.goto(address);
      expect(await violationsOf(page, GRIDS)).toEqual([]);
      expect(await widthOf(page)).toBe(width);
      await openCell(page);
      expect(await violationsOf(page, GRIDS)).toEqual([]);
      expect(await widthOf(page)).toBe(width);
      expect(complaints).toEqual([]);
    },
  );

  it('can be printed: all of a log, no search, and the colours of the maps', async () => {
    await using browser = await openBrowser({ viewport: { width: 700, height: 900 } });
    const { page } = browser;
    await openCell(page);
    const heightOf = async (): Promise<number> =>
      (await page.locator('#cell .log').boundingBox())?.height ?? 0;
    const before = await heightOf();
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.search').isVisible()).toBe(false);
    expect(await heightOf()).toBeGreaterThan(before * 2);
    expect(await widthOf(page)).toBe(700);
    expect(await page.evaluate('getComputedStyle(document.body).printColorAdjust')).toBe('exact');
  });

  it('shows the story of a page under the pointer, under a finger, and by the keyboard', async () => {
    await using browser = await openBrowser({ hasTouch: true });
    const { page, complaints } = browser;
    await openCell(page);
    const grid = page.locator('#cell .grid').last();
    const story = page.locator('#story');
    const at = (row: string, nr: number) => grid.locator(`[data-row="${row}"] [data-page="${nr}"]`);

    await at('predicted', 0x98).hover();
    expect(await story.innerText()).toMatch(/^Page 0x98: 0x98000-0x98fff\npredicted: trampoline/);
    expect(await story.innerText()).toContain('claim_trampoline: trampoline,');
    await page.mouse.move(1, 1);
    expect(await story.isVisible()).toBe(false);

    await at('observed in user space', 0x12).tap();
    expect(await story.innerText()).toMatch(
      /^Page 0x12: .*\npredicted: lock\nobserved in user space: free, not as predicted\nlowmem.locked is broken here/,
    );

    await grid.locator('[tabindex="0"]').focus();
    const steps = [
      ['ArrowRight', '0x1:'],
      ['ArrowDown', '0x1:'],
      ['ArrowDown', '0x41:'],
      ['ArrowUp', '0x1:'],
      ['End', '0xf:'],
      ['ArrowRight', '0x10:'],
      ['ArrowLeft', '0xf:'],
      ['Home', '0x0:'],
      ['ArrowLeft', '0x0:'],
    ] as const;
    for (const [key, shown] of steps) {
      await page.keyboard.press(key);
      expect(`${key} ${await story.innerText()}`).toContain(`${key} Page ${shown}`);
    }
    expect(await grid.locator('[tabindex="0"]').count()).toBe(1);
    await page.keyboard.press('Escape');
    expect(await story.isVisible()).toBe(false);
    expect(complaints).toEqual([]);
  });

  it('searches a log, links to its lines, and shows what a guest wrote as text', async () => {
    await using browser = await openBrowser();
    const { page, complaints } = browser;
    await openCell(page);
    const lines = page.locator('#cell .log span');
    expect(await lines.nth(1).innerText()).toContain(`  indented ${HOSTILE}`);
    expect(await page.locator('img').count()).toBe(0);
    await page.getByPlaceholder('search').fill('LINE 29');
    expect(await page.locator('output').innerText()).toBe('11 of 302 lines');
    expect(await page.locator('#cell .log span:visible').count()).toBe(11);
    await page.getByPlaceholder('search').fill('');
    await lines.nth(200).locator('a').click();
    expect(page.url()).toBe(`${cellAddress()}/console.log/241`);
    await page.reload();
    expect(await page.locator('#cell .target').innerText()).toContain('line 198');
    expect(await page.locator('#cell .target').isVisible()).toBe(true);
    expect(complaints).toEqual([]);
  });

  it('goes from the heat map to a cell and back, and shows a promise', async () => {
    await using browser = await openBrowser();
    const { page, complaints } = browser;
    await page.goto(address);
    const squares = page.locator('.heat .square');
    expect(await squares.allInnerTexts()).toEqual(['X', 'M', '!', 'U']);
    await page.locator('#promise').selectOption('lowmem.locked');
    expect(await squares.allInnerTexts()).toEqual(['x', '-', '-', '-']);
    await page.locator('#promise').selectOption('verdicts');
    expect(await squares.allInnerTexts()).toEqual(['X', 'M', '!', 'U']);
    await squares.first().click();
    expect(await page.locator('#cell h2').innerText()).toBe(BROKEN);
    expect(await page.locator('#overview').isVisible()).toBe(false);
    await page.locator('.back').click();
    await page.locator('#overview').waitFor();
    expect(await page.locator('#cell').isVisible()).toBe(false);
    await page.goto(`${address}#cell-no-such-cell`);
    expect(await page.locator('#cell').innerText()).toContain('no such cell');
    expect(complaints).toEqual([]);
  });

  it('has summary, heat map and page maps without JavaScript', async () => {
    await using browser = await openBrowser({ javaScriptEnabled: false });
    const { page } = browser;
    await page.goto(address);
    const text = await page.locator('body').innerText();
    for (const shown of [
      'Without JavaScript',
      "4 pages below 1 MiB are the system kernel's",
      'E_HOST',
    ])
      expect(text).toContain(shown);
    expect(await page.locator('.heat .square').first().isVisible()).toBe(true);
    expect(await page.locator('.grid').first().isVisible()).toBe(true);
    expect(await page.locator('.grid').first().innerText()).toContain('pppppppppppppppp');
    expect(await page.locator('#promise').isVisible()).toBe(false);
  });

  it('opens a run of 10,000 cells, and shows one', { timeout: 300_000 }, async () => {
    const run = madeRun(10_000);
    const large = await written('large.html', renderHtml(run, { logs: madeLogs, history: null }));
    await using browser = await openBrowser();
    const { page, complaints } = browser;
    await page.goto(large);
    expect(await page.locator('.heat .square').count()).toBe(10_000);
    const last = run.cells.at(-1)?.record.id ?? '';
    await page.goto(`${large}#cell-${last}`);
    expect(await page.locator('#cell h2').innerText()).toBe(last);
    expect(await page.locator('#cell .grid [role=gridcell]').count()).toBeGreaterThan(1000);
    expect(complaints).toEqual([]);
  });
});
