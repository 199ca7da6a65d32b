// SPDX-License-Identifier: MIT
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type PlannedCell, expand } from '../../matrix/expand.ts';
import { judgedCell } from '../../matrix/testing/judged-cell-builder.ts';
import type { MatrixEvent } from '../../matrix/run-matrix.ts';
import { showProgress } from './progress.ts';
import { unbootableCell } from '../testing/run-builder.ts';

const MISMATCH = { kind: 'mismatch', broken: ['lowmem.locked'] } as const;

const EVENTS: readonly MatrixEvent[] = [
  { kind: 'start', cell: 'a' },
  { kind: 'phase', cell: 'a', phase: 'boot' },
  { kind: 'start', cell: 'b' },
  { kind: 'start', cell: 'c' },
  { kind: 'end', cell: 'c', judged: undefined },
  { kind: 'end', cell: 'a', judged: judgedCell() },
  { kind: 'end', cell: 'b', judged: judgedCell({ judgement: { verdict: MISMATCH } }) },
  { kind: 'start', cell: 'd' },
  { kind: 'end', cell: 'd', judged: unbootableCell() },
];

function shortId(cell: PlannedCell): PlannedCell {
  return { ...cell, id: cell.spec.kernel };
}

/** What `showProgress` leaves on a screen, or in a log. */
async function shown(isTTY: boolean, rows = 24): Promise<string> {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 80, rows });
  {
    await using progress = await showProgress(
      expand({ kernel: ['a', 'b', 'c', 'd'] }).map(shortId),
      stream as never,
    );
    for (const event of EVENTS) progress.onEvent(event);
  }
  return String(stream.read());
}

describe('showProgress', () => {
  it('writes a line for each event where there is no screen', async () => {
    expect(await shown(true, 0)).toBe(await shown(false));
    expect(await shown(false)).toMatchInlineSnapshot(`
      "[   0 s] a: start
      [   0 s] a: boot
      [   0 s] b: start
      [   0 s] c: start
      [   0 s] c: no verdict (1 of 4 cells done)
      [   0 s] a: match, 12.3 s (2 of 4 cells done)
      [   0 s] b: mismatch, 12.3 s (3 of 4 cells done)
      [   0 s] d: start
      [   0 s] d: boot-failure (known), 12.3 s (4 of 4 cells done)
      "
    `);
  });

  it('ends with a row for each cell that was started, and one for the run, on a terminal', async () => {
    const lines = stripVTControlCharacters(await shown(true))
      .trim()
      .split('\n');
    expect(lines.slice(-5)).toMatchInlineSnapshot(`
      [
        "✔ a: match, 12.3 s",
        "✖ b: mismatch, 12.3 s",
        "✖ c: no verdict",
        "✔ d: boot-failure (known), 12.3 s",
        "✔ 4 of 4 cells done",
      ]
    `);
  });
});
