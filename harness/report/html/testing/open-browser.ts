// SPDX-License-Identifier: MIT
/** Opens reports in the host's Chromium, as people do: from disk. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { type BrowserContext, type Page, chromium } from 'playwright-core';
import { makeTempDir } from '../../../process/temp-dir.ts';

/** Debian's, and what else a host may have. */
const BROWSERS = ['chromium', 'google-chrome', 'google-chrome-stable'];

/** The path of a browser on this host; undefined if it has none. */
export function findBrowser(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':');
  return BROWSERS.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
}

/** Nothing that a browser does of its own accord, and no sandbox: tests may run as root, in a container. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser with a page, and all that it had to complain about. */
export interface OpenBrowser extends AsyncDisposable {
  readonly page: Page;
  /** Messages of its console, errors of scripts, dialogs, and requests for anything but files. */
  readonly complaints: string[];
}

type Settings = Pick<
  NonNullable<Parameters<typeof chromium.launchPersistentContext>[1]>,
  'colorScheme' | 'hasTouch' | 'javaScriptEnabled' | 'viewport'
>;

/** Starts a browser with a profile of its own. */
export async function openBrowser(settings: Settings = {}): Promise<OpenBrowser> {
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error('Cannot start a browser: found none');
  const profile = await makeTempDir();
  const context: BrowserContext = await chromium.launchPersistentContext(profile.path, {
    executablePath,
    args: FLAGS,
    viewport: { width: 1280, height: 900 },
    ...settings,
  });
  const complaints: string[] = [];
  const page = context.pages()[0] ?? (await context.newPage());
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) complaints.push(`request: ${request.url()}`);
  });
  return {
    page,
    complaints,
    [Symbol.asyncDispose]: async () => {
      await context.close();
      await profile[Symbol.asyncDispose]();
    },
  };
}

/** What axe finds against WCAG A and AA, in words, but for what a selector leaves out. */
export async function violationsOf(page: Page, except?: string): Promise<string[]> {
  const builder = new AxeBuilder({ page }).withTags([
    'wcag2a',
    'wcag2aa',
    'wcag21a',
    'wcag21aa',
    'wcag22aa',
  ]);
  const { violations } = await (except === undefined ? builder : builder.exclude(except)).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

/** How wide the page is, in pixels. */
export function widthOf(page: Page): Promise<unknown> {
  return page.evaluate('document.documentElement.scrollWidth');
}
