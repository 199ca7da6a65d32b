// SPDX-License-Identifier: MIT
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { addRow, hasRow } from './mutants-table.ts';

it('adds a row as soon as it is known, and knows it again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sub1m-mutants-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, 'table.md');
  const row = {
    name: 'log',
    count: 1000,
    refused: 12,
    seconds: 3.4,
    slowest: { ms: 1.26, seed: 7 },
    grownMiB: -0.5,
  };
  expect(hasRow(file, 'log', 1000)).toBe(false);
  addRow(file, row);
  addRow(file, { ...row, name: 'a|b' });
  expect(readFileSync(file, 'utf8')).toBe(
    '| parser | mutants | refused | CPU s | slowest, CPU ms | its seed | + MiB |\n' +
      '|---|---:|---:|---:|---:|---:|---:|\n' +
      '| log | 1000 | 12 | 3 | 1.3 | 7 | 0 |\n' +
      '| a/b | 1000 | 12 | 3 | 1.3 | 7 | 0 |\n',
  );
  expect([hasRow(file, 'log', 1000), hasRow(file, 'a|b', 1000)]).toEqual([true, true]);
  expect([hasRow(file, 'log', 100), hasRow(file, 'lo', 1000)]).toEqual([false, false]);
  expect(hasRow(undefined, 'log', 1000)).toBe(false);
});
