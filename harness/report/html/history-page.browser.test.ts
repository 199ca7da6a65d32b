// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyOf, madeName } from '../../history/testing/history-builder.ts';
import { screenText } from '../../memory/printable-text.ts';
import { type TempDir, makeTempDir } from '../../process/temp-dir.ts';
import { historyOfGuest } from '../testing/hostile-guest.ts';
import { renderHistoryPage } from './history-page.ts';
import { madePast } from './testing/made-nights.ts';
import { findBrowser, openBrowser, violationsOf, widthOf } from './testing/open-browser.ts';

const HOSTILE = '</script><img src=x onerror="alert(1)"><style>*{display:none}</style>';

let folder: TempDir;
let address: string;

async function written(name: string, lines: ReturnType<typeof madePast>): Promise<string> {
  const path = join(folder.path, name);
  const page = renderHistoryPage({ lines, skipped: { count: 0, named: [] } });
  await writeFile(path, screenText(page));
  return `file://${path}`;
}

beforeAll(async () => {
  folder = await makeTempDir();
  address = await written('history.html', madePast({ nights: 60, cells: 30 }));
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

describe.skipIf(findBrowser() === undefined)('the page of a history in a browser', () => {
  it.each([
    { colorScheme: 'light', width: 1280 },
    { colorScheme: 'dark', width: 320 },
  ] as const)(
    'can be read by everybody: $colorScheme, $width pixels',
    async ({ colorScheme, width }) => {
      await using browser = await openBrowser({ colorScheme, viewport: { width, height: 800 } });
      const { page, complaints } = browser;
      await page.goto(address);
      await page.evaluate(
        'for (const one of document.querySelectorAll("details.cell")) one.open = true',
      );
      expect(await violationsOf(page)).toEqual([]);
      expect(await widthOf(page)).toBe(width);
      expect(complaints).toEqual([]);
    },
  );

  it('opens a cell by the keyboard, and by a link to it, without JavaScript', async () => {
    await using browser = await openBrowser({ javaScriptEnabled: false });
    const { page, complaints } = browser;
    await page.goto(address);
    const cell = page.locator(`#cell-${keyOf(madeName(5))}`);
    expect(await cell.locator('p').first().isVisible()).toBe(false);
    await page.locator('.tiles').waitFor();
    await cell.locator('summary').focus();
    await page.keyboard.press('Enter');
    expect(await cell.locator('p').first().isVisible()).toBe(true);
    expect(await cell.innerText()).toContain('lowmem.locked');
    const link = page.locator(`a[href="#cell-${keyOf(madeName(4))}"]`).first();
    await link.focus();
    await page.keyboard.press('Enter');
    expect(page.url()).toContain(`#cell-${keyOf(madeName(4))}`);
    expect(complaints).toEqual([]);
  });

  it('can be printed: as wide as the paper, in its colours', async () => {
    await using browser = await openBrowser({ viewport: { width: 700, height: 900 } });
    const { page } = browser;
    await page.goto(address);
    await page.emulateMedia({ media: 'print' });
    expect(await widthOf(page)).toBe(700);
    expect(await page.evaluate('getComputedStyle(document.body).printColorAdjust')).toBe('exact');
  });

  it('shows what a stranger wrote as text', async () => {
    const hostile = await written('hostile.html', historyOfGuest(HOSTILE));
    await using browser = await openBrowser();
    const { page, complaints } = browser;
    await page.goto(hostile);
    expect(await page.locator('details.cell summary').first().innerText()).toContain(HOSTILE);
    expect(await page.locator('img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('opens 60 nights of 1,500 cells', async () => {
    const lines = madePast({ nights: 60, cells: 1500 });
    const large = await written('large.html', lines);
    await using browser = await openBrowser();
    const { page, complaints } = browser;
    await page.goto(`${large}#cell-${keyOf(madeName(1499))}`);
    expect(await page.locator('details.cell').count()).toBe(1500);
    expect(await page.locator(`#cell-${keyOf(madeName(1499))}`).isVisible()).toBe(true);
    expect(complaints).toEqual([]);
  });
});
