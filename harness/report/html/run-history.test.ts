// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { historyLine } from '../../history/testing/history-builder.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { brokenCell, mendedCell, runOf } from '../testing/run-builder.ts';
import { renderHtml } from './html-report.ts';
import { readRunHistory, runHistory } from './run-history.ts';
import { madeNights } from './testing/made-nights.ts';
import { packedParts, shownPart, wordsIn } from './testing/report-parts.ts';

const run = runOf(brokenCell(), mendedCell());
const lines = madeNights(run);

describe('what the nights before say', () => {
  const value = runHistory(run, lines);

  it('is what is new, and a strip for each cell of the run', () => {
    expect(value?.newest.new.map(({ cell }) => cell)).toEqual([
      'debian-5.10.crashkernel-256m',
      'debian-6.12.no-crashkernel',
    ]);
    const marks = Array.from(value?.strips ?? [], ([id, strip]) => [
      id,
      strip.map(({ mark }) => mark),
    ]);
    expect(marks).toEqual(run.cells.map(({ record }) => [record.id, ['match', 'match', 'broken']]));
  });

  it('finds a cell by the number of its repeat', () => {
    const repeated = [...lines, historyLine({ night: 2, run: 'run', cell: 'x', repeat: 2 })];
    expect([...(runHistory(run, repeated)?.strips.keys() ?? [])]).toContain('x.repeat-2');
  });

  it('is nothing in the first night', () => {
    expect(runHistory(run, lines.slice(-2))).toBeNull();
  });

  it('is in the report: lists in the page, the strip in the page of a cell', () => {
    const report = renderHtml(run, { logs: () => ({}), history: value && { value } });
    const words = wordsIn(shownPart(report));
    expect(words).toContain(
      '3 nights in the history, the last before this one 2026-09-02T22:00:00',
    );
    expect(words).toContain(
      'New since the night before: 2 debian-5.10.crashkernel-256m : lowmem.locked , 6.12.43+deb12-cloud-amd64',
    );
    expect(words).toContain('Fixed: 0 Still broken: 0');
    const [page = ''] = packedParts(report).values();
    expect(wordsIn(page)).toContain('The last nights M M X');
    expect(page).toContain('broken; 6.12.43+deb12-cloud-amd64, a new image');
  });
});

describe('the file of history', () => {
  it('is read', async () => {
    await using folder = await makeTempDir();
    const historyFile = join(folder.path, 'history.jsonl');
    await writeFile(historyFile, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const startedAt = lines.at(-1)?.at ?? '';
    const history = await readRunHistory({ ...run, startedAt, historyFile });
    expect(history?.value?.strips.size).toBe(2);
    const later = { ...run, startedAt: '2027-09-01T22:00:00.000Z', historyFile };
    expect(await readRunHistory(later)).toBeNull();
  });

  it('is named, and why, where it cannot be read: the report goes without', async () => {
    const historyFile = '/nowhere/history.jsonl';
    const history = await readRunHistory({ ...run, historyFile });
    const report = renderHtml(run, { logs: () => ({}), history });
    expect(wordsIn(shownPart(report))).toMatch(
      /Against the nights before Cannot read history \/nowhere\/history\.jsonl: /,
    );
  });

  it('is not looked for by a run that is noted in none', async () => {
    expect(await readRunHistory(run)).toBeNull();
  });
});
