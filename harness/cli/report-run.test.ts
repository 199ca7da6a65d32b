// SPDX-License-Identifier: MIT
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectPath } from '../project-root.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { heardLog } from '../process/testing/heard-log.ts';
import { ownHashes, packedParts, wordsIn } from '../report/html/testing/report-parts.ts';
import { brokenCell, runOf } from '../report/testing/run-builder.ts';
import { runSub1m } from '../testing/run-sub1m.ts';
import { readEnvironment } from './environment.ts';
import { reportRun } from './report-run.ts';

/** Writes the reports of a run; gives what is said on standard error meanwhile. */
async function said(folder: string, keep: boolean): Promise<string[]> {
  const lines: string[] = [];
  const log = heardLog(lines, 'info');
  const { signal } = new AbortController();
  const context = { environment: readEnvironment({}), signal, log, exit: () => {} };
  const report = reportRun({ reporter: [`tap:${folder}/x.tap`] }, context, { keep });
  await report({ ...runOf(brokenCell()), folder });
  return lines;
}

it('ends a run with the path of its page', async () => {
  await using folder = await makeTempDir();
  expect(await said(folder.path, true)).toEqual([`Report: ${folder.path}/index.html`]);
  const page = await readFile(join(folder.path, 'index.html'), 'utf8');
  expect(page).toMatch(/^<!doctype html>/);
  expect(page).toContain('href="#cell-debian-5.10.crashkernel-256m"');
});

it('names it by its path from here, if it lies below', async () => {
  const folder = await mkdtemp('.page-of-a-run-');
  try {
    expect(await said(join(process.cwd(), folder), true)).toEqual([`Report: ${folder}/index.html`]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('writes none where the folder is somebody else’s: judge', async () => {
  await using folder = await makeTempDir();
  expect(await said(folder.path, false)).toEqual([]);
  expect(await readdir(folder.path)).toEqual(['x.tap']);
});

it('is made by the compiled program too, of a bundle and its logs', async () => {
  await using folder = await makeTempDir();
  const cell = join(folder.path, '5.10-4g');
  await cp(projectPath('harness/testdata/5.10-4g'), cell, { recursive: true });
  await writeFile(join(cell, 'console.log'), 'what the kernel printed\n');
  const path = join(folder.path, 'page.html');
  await runSub1m(['judge', cell, '--reporter', `html:${path}`]);
  const page = await readFile(path, 'utf8');
  const [style = '', script = ''] = ownHashes(page);
  expect(page).toContain(`script-src ${script}; style-src ${style};`);
  const [words = ''] = [...packedParts(page).values()].map(wordsIn);
  expect(words).toContain('what the kernel printed');
});
