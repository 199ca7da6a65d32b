// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { HostError, UsageError, messageOf } from '../errors.ts';
import { readHistory } from '../history/read-history.ts';
import type { ComparedRun } from '../matrix/compare-cells.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import { syncPath } from '../process/sync-disk.ts';
import { type Told, reportText, withHistory } from './reporters.ts';
import { cleanText } from './screen.ts';

const HISTORY_PAGE = 'history.html';

/** The files of a site, by name, and what is in them; null for none. Whoever sees the last sees all others. */
const SITE_FILES: Readonly<Record<string, (told: Told) => Promise<string | null>>> = {
  'run.json': (told) => reportText('json', told),
  [HISTORY_PAGE]: historyText,
  'index.html': (told) => reportText('html', told),
};

async function historyText({ run: { historyFile } }: Told): Promise<string | null> {
  if (historyFile === undefined) return null;
  const { renderHistoryPage } = await import('./html/history-page.ts');
  const { signal } = new AbortController();
  return cleanText(renderHistoryPage(await readHistory([historyFile], { signal })));
}

/** The beginning of a site's `run.json`: only a merged run has this. */
const MERGED = /^\{\s*"schema": \d+,\s*"run": "(?:[^"\\]|\\.)*",\s*"merge":/;
const HEAD_BYTES = 64 * 1024;

/** Refuses a folder that is no site, and is not empty: whatever is in it is somebody's. Throws `UsageError`. */
export async function requireSite(path: string): Promise<void> {
  const names = await readdir(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    return ['a file'];
  });
  if (names.length === 0 || (await isSite(path))) return;
  throw new UsageError(
    `Cannot write a site to ${path}: expected a new or empty folder, or a site of sub1m, found ` +
      `${names.toSorted().slice(0, 3).join(', ')}; name another with --out`,
  );
}

async function isSite(path: string): Promise<boolean> {
  const name = join(path, 'run.json');
  const info = await stat(name).catch(() => undefined);
  if (!info?.isFile()) return false;
  await using file = await open(name);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES));
  return MERGED.test(buffer.toString('utf8', 0, bytesRead));
}

/**
 * Writes the site of a run: a folder that needs nothing else. All is written beside it first, so that it is there whole
 * or not at all; of a site that is there already, each file is replaced, or removed if this run has none. Throws `HostError`.
 */
export async function writeSite(run: ComparedRun, path: string): Promise<void> {
  const texts = new Map<string, string>();
  const page = run.historyFile === undefined ? {} : { historyPage: HISTORY_PAGE };
  const told = await withHistory({ ...run, ...page });
  for (const [name, render] of Object.entries(SITE_FILES)) {
    const text = await render(told);
    if (text !== null) texts.set(name, text);
  }
  const site = resolve(path);
  const parent = dirname(site);
  const unfinished = join(parent, `.unfinished-${process.pid}-${randomUUID()}`);
  try {
    await using cleanups = new CleanupStack();
    await mkdir(unfinished, { recursive: true });
    cleanups.defer(() => rm(unfinished, { recursive: true, force: true }));
    for (const [name, text] of texts)
      await writeFile(join(unfinished, name), text, { flush: true });
    await install(unfinished, site, [...texts.keys()]);
    await syncPath(parent);
  } catch (error) {
    throw new HostError(`Cannot write site ${path}: ${messageOf(error)}`, { cause: error });
  }
}

async function install(unfinished: string, site: string, names: readonly string[]): Promise<void> {
  const there = await readdir(site).catch(() => []);
  if (there.length === 0) {
    await rename(unfinished, site);
    return;
  }
  for (const name of names) await rename(join(unfinished, name), join(site, name));
  for (const name of Object.keys(SITE_FILES)) {
    if (!names.includes(name)) await rm(join(site, name), { force: true });
  }
}
