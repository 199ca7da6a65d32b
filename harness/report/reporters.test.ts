// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostError, UsageError } from '../errors.ts';
import { renderConsoleReport } from './console-report.ts';
import { folderReporters, parseReporters, writeReports } from './reporters.ts';
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

  it.each(['html', '', 'tap:', ':run.tap', 'TAP', 'constructor'])('refuses "%s"', (value) => {
    expect(() => parseReporters([value])).toThrow(
      new UsageError(
        `Cannot use reporter "${value}": expected kind or kind:file, ` +
          'where kind is one of b4, console, json, junit, ktap, svg, tap',
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
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sub1m-test-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it('writes the files of a run into its folder, and nothing else', async () => {
    await writeReports(run, folderReporters(folder), style);
    expect((await readdir(folder)).toSorted()).toEqual(['junit.xml', 'run.json', 'run.tap']);
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

  it('keeps to what each renderer makes', async () => {
    const path = join(folder, 'x.tap');
    await writeReports(run, [{ kind: 'tap', path }], style);
    expect(await readFile(path, 'utf8')).toBe(renderTap(run));
  });
});
