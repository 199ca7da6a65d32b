// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostError, UsageError } from '../errors.ts';
import { renderConsoleReport } from './console-report.ts';
import { folderReporters, parseReporters, stepSummary, writeReports } from './reporters.ts';
import { renderMarkdown } from './markdown-report.ts';
import { brokenCell, runOf } from './testing/run-builder.ts';
import { renderTap } from './tap-report.ts';

describe('parseReporters', () => {
  it.each([
    { values: [], reporters: [{ kind: 'console', path: null }] },
    { values: ['tap'], reporters: [{ kind: 'tap', path: null }] },
    { values: ['ktap:x'], reporters: [{ kind: 'ktap', path: 'x' }] },
    {
      values: ['json', 'junit:out/j.xml', 'tap:a:b'],
      reporters: [
        { kind: 'json', path: null },
        { kind: 'junit', path: 'out/j.xml' },
        { kind: 'tap', path: 'a:b' },
      ],
    },
  ])('reads $values', ({ values, reporters }) => {
    expect(parseReporters(values)).toEqual(reporters);
  });

  it.each(['htm', '', 'tap:', ':run.tap', 'TAP', 'constructor'])('refuses "%s"', (value) => {
    expect(() => parseReporters([value])).toThrow(
      new UsageError(
        `Cannot use reporter "${value}": expected kind or kind:file, ` +
          'where kind is one of b4, console, github, html, json, junit, kcidb, ktap, mail, markdown, svg, tap',
      ),
    );
  });

  it.each([
    { values: ['tap', 'json'], place: 'standard output' },
    { values: ['tap:a', 'junit:./a'], place: './a' },
  ])('refuses two reports in one place: $values', ({ values, place }) => {
    expect(() => parseReporters(values)).toThrow(
      new UsageError(
        `Cannot write two reports to ${place}: give each a file of its own, e.g. tap:run.tap`,
      ),
    );
  });
});

describe('writeReports', () => {
  const run = runOf(brokenCell());
  const style = { colour: true, width: 80 };
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sub1m-test-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('writes the files of a run into its folder, and nothing else', async () => {
    await writeReports(run, folderReporters(folder), style);
    expect((await readdir(folder)).toSorted()).toEqual([
      'index.html',
      'junit.xml',
      'run.json',
      'run.tap',
    ]);
  });

  it('writes over an older report, and makes folders', async () => {
    const path = join(folder, 'new/run.txt');
    for (const kind of ['tap', 'console'] as const)
      await writeReports(run, [{ kind, path }], style);
    const text = await readFile(path, 'utf8');
    expect(text).toBe(renderConsoleReport(run, { colour: false, width: 100 }));
  });

  it('leaves nothing behind where it cannot write', async () => {
    await writeFile(join(folder, 'file'), '');
    const path = join(folder, 'file/run.tap');
    await expect(writeReports(run, [{ kind: 'tap', path }], style)).rejects.toThrow(HostError);
    const taken = writeReports(run, [{ kind: 'tap', path: folder }], style);
    await expect(taken).rejects.toThrow(`Cannot write report ${folder}: E`);
    expect((await readdir(join(folder, '..'))).filter((name) => name.startsWith('.unfin'))).toEqual(
      [],
    );
  });

  it('tells that the run is not in its history once all reports are written', async () => {
    const path = join(folder, 'lost.tap');
    const lost = { ...run, historyError: new HostError('Cannot write history x') };
    const written = writeReports(lost, [{ kind: 'tap', path }], style);
    await expect(written).rejects.toThrow('Cannot write history x');
    expect(await readFile(path, 'utf8')).toBe(renderTap(run));
  });

  it('adds to the summary of a step what fits into it, in whole blocks', async () => {
    const path = join(folder, 'summary.md');
    const [reporter] = stepSummary(parseReporters(['github']), path);
    if (!reporter) throw new Error('Expected a reporter');
    const markdown = renderMarkdown(run);
    await writeReports(run, [reporter], style);
    await writeReports(run, [reporter], style);
    expect(await readFile(path, 'utf8')).toBe(`${markdown}${markdown}`);
    const full = '#'.repeat(1024 * 1024 - 700);
    await writeFile(path, full);
    await writeReports(run, [reporter], style);
    const added = (await readFile(path, 'utf8')).slice(full.length);
    const blocks = added.trimEnd().split('\n\n');
    expect(blocks.at(-1)).toBe('The rest does not fit; the folder of the run has all.');
    expect(Buffer.byteLength(added)).toBeLessThanOrEqual(700);
    expect(markdown.split('\n\n')).toEqual(expect.arrayContaining(blocks.slice(0, -1)));
    expect(blocks.length).toBeGreaterThan(3);
  });

  it('adds nothing to a summary that is full', async () => {
    const path = join(folder, 'full.md');
    await writeFile(path, 'x'.repeat(1024 * 1024));
    await writeReports(run, stepSummary(parseReporters(['github']), path), style);
    expect((await stat(path)).size).toBe(1024 * 1024);
  });

  it('makes a summary for GitHub alone', () => {
    expect(stepSummary(parseReporters(['tap']), 'summary.md')).toEqual([]);
    expect(stepSummary(parseReporters(['github']), undefined)).toEqual([]);
  });

  it('keeps to what each renderer makes', async () => {
    const path = join(folder, 'x.tap');
    await writeReports(run, [{ kind: 'tap', path }], style);
    expect(await readFile(path, 'utf8')).toBe(renderTap(run));
  });
});
