// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { compareRuns } from '../matrix/compare-cells.ts';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import { renderMail, renderSeriesMail } from './mail-report.ts';
import { brokenCell, runOf } from './testing/run-builder.ts';

const KEPT = { ...brokenCell(), judgement: judgedCell().judgement };
const LONG = 'x86/mm: Give memblock so much room that its lists of regions need not grow so early';

it('is as wide as a mail, with a map of 64 pages a row and the command', () => {
  const text = renderMail(runOf(brokenCell()));
  expect(text).toMatch(/^0x00000 \S{64}$/m);
  expect(text).toMatch(/^To see it again:\n\n {2}sub1m check debian:5\.10 --crashkernel 256M/m);
  const prose = text.slice(0, text.indexOf('To see it again:')).split('\n');
  expect(
    prose.filter((line) => line.length > 72 && !/results\/|\S {2}\S.* {2}\S/.test(line)),
  ).toEqual([]);
});

it('has a line for each patch of a series, wrapped, and one command for all', () => {
  const comparison = {
    ...compareRuns([KEPT], [brokenCell()]),
    base: 'v6.12',
    ref: 'k',
    sameImage: false,
  };
  const steps = [
    { name: 'v6.12', refused: null, run: runOf(KEPT) },
    { name: LONG, refused: null, run: { ...runOf(brokenCell()), comparison } },
  ];
  const text = renderSeriesMail({ steps, cutShort: null });
  expect(text).toContain('\n   1  x86/mm: Give memblock so much room');
  expect(text).toMatch(/^ {2}sub1m check .* --series <this series>$/m);
  expect(text.match(/sub1m check/g)).toHaveLength(1);
});
