// SPDX-License-Identifier: MIT
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judgedCell } from '../../matrix/testing/judged-cell-builder.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { brokenCell, mendedCell } from '../testing/run-builder.ts';
import { logEnd, logLimits, readCellLogs } from './cell-files.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('the end of a log', () => {
  it.each([
    { text: '', limit: 9, lines: [], first: 1, cut: 0 },
    { text: 'one\r\ntwo\n', limit: 9, lines: ['one', 'two'], first: 1, cut: 0 },
    { text: 'one\ntwo\nthree', limit: 9, lines: ['two', 'three'], first: 2, cut: 4 },
    { text: 'one\ntwo\nthree', limit: 8, lines: ['three'], first: 3, cut: 8 },
    { text: 'one\n\n\nthree\n', limit: 8, lines: ['', '', 'three'], first: 2, cut: 4 },
    { text: 'one\n' + 'x'.repeat(20), limit: 8, lines: ['xxxxxxxx'], first: 2, cut: 16 },
    { text: 'x'.repeat(20) + '\n', limit: 8, lines: ['xxxxxxx'], first: 1, cut: 13 },
    { text: 'one\r\r\ntwo', limit: 20, lines: ['one', 'two'], first: 1, cut: 0 },
  ])('is whole lines: $text, $limit bytes', ({ text, limit, ...end }) => {
    expect(logEnd(bytes(text), limit)).toEqual(end);
  });
});

describe('the logs of a cell', () => {
  it('are read out of its bundle', async () => {
    await using folder = await makeTempDir();
    await mkdir(join(folder.path, 'capture'));
    await writeFile(join(folder.path, 'console.log'), 'a\nb\n');
    await writeFile(join(folder.path, 'capture/dmesg'), 'c\n');
    const logs = readCellLogs({ ...judgedCell(), folder: folder.path }, 100);
    expect(logs).toEqual({
      'console.log': { value: { lines: ['a', 'b'], first: 1, cut: 0 } },
      'capture/dmesg': { value: { lines: ['c'], first: 1, cut: 0 } },
    });
  });

  it('are not read through a link, and the reason is told', async () => {
    await using folder = await makeTempDir();
    await symlink('/etc/passwd', join(folder.path, 'console.log'));
    const { 'console.log': log } = readCellLogs({ ...judgedCell(), folder: folder.path }, 100);
    expect(log).toEqual({ value: null, why: expect.stringContaining('console.log') as string });
  });

  it('are missing where there is no bundle', () => {
    const logs = readCellLogs({ ...judgedCell(), folder: '/nowhere/cell' }, 100);
    const why = 'Cannot read /nowhere/cell: there is no such folder';
    expect(logs).toEqual({ 'console.log': { value: null, why } });
  });
});

describe('how much of them is shown', () => {
  const KIB = 1024;
  const limitsOf = (...cells: Parameters<typeof logLimits>[0]): number[] => [
    ...logLimits(cells).values(),
  ];

  it('is 256 KiB of each, of few cells', () => {
    expect(limitsOf(judgedCell(), brokenCell())).toEqual([256 * KIB, 256 * KIB]);
  });

  it('is more of what is broken, and 48 MiB of all', () => {
    const cells = Array.from({ length: 10_000 }, (_, nr) =>
      nr % 100 === 0 ? brokenCell() : mendedCell(),
    );
    const limits = limitsOf(...cells);
    expect(limits[0]).toBe((limits[1] ?? 0) * 16 + ((limits[0] ?? 0) % 16));
    const sum = limits.reduce((total, limit) => total + 3 * limit, 0);
    expect(sum).toBeLessThanOrEqual(48 * KIB * KIB);
    expect(sum).toBeGreaterThan(47 * KIB * KIB);
  });
});
