// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import type { CellDocument } from '../report/schema/run-schema.ts';
import { runCells } from '../testing/checked-cells.ts';

/** Two kernels, two layouts and two command lines, all from one state; each with its twin. */
const AXES = [
  {
    kernel: ['debian:5.10'],
    layout: ['stock', 'thread-2021'],
    crashkernel: ['192M'],
    trigger: ['none'],
    freshFirmware: [false, true],
  },
  {
    kernel: ['debian:6.12'],
    layout: ['thread-2021'],
    crashkernel: ['256M'],
    freshFirmware: [false, true],
  },
];

it('goes on from a saved firmware to the same verdicts and pages as with a fresh one', async () => {
  await using temp = await makeTempDir();
  const matrix = join(temp.path, 'matrix.json');
  await writeFile(matrix, JSON.stringify({ schema: 1, axes: AXES }));
  const { cells } = await runCells(['run', matrix]);
  const of = (firmware: CellDocument['firmware']): CellDocument[] =>
    cells.filter((cell) => cell.firmware === firmware);
  const shown = ({ verdict, pages, invariants }: CellDocument): object => ({
    verdict,
    // Which of the free pages are in use at that moment differs from boot to boot.
    pages: pages.map((page) => (page.observed === 'used' ? { ...page, observed: 'free' } : page)),
    outcomes: invariants.map(({ id, outcome }) => [id, outcome]),
  });
  expect(of('saved').map(({ verdict }) => verdict.kind)).toEqual(['match', 'mismatch', 'match']);
  expect(of('saved').map(shown)).toEqual(of('fresh').map(shown));
  expect(of('fresh').map(({ attempts }) => attempts ?? [])).toEqual([[], [], []]);
});
