// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { type Axes, expand } from '../../matrix/expand.ts';
import { judgedCell } from '../../matrix/testing/judged-cell-builder.ts';
import { RunPace } from './run-pace.ts';

/** A run of cells named 0, 1, 2, … and a clock that the test sets. */
function startRun(axes: Axes) {
  let now = 0;
  const cells = expand(axes).map((cell, index) => ({ ...cell, id: String(index) }));
  const pace = new RunPace(cells, () => now);
  const start = (cell: string): void => {
    pace.add({ kind: 'start', cell });
    pace.add({ kind: 'phase', cell, phase: 'kernel' });
    pace.add({ kind: 'phase', cell, phase: 'firmware' });
  };
  return {
    pace,
    start,
    /** What is said when this cell has ended at this time. */
    end: (cell: string, at: number, judged = true): string => {
      now = at;
      pace.add({ kind: 'end', cell, judged: judged ? judgedCell() : undefined });
      return pace.text;
    },
    at: (seconds: number): string => {
      now = seconds;
      return pace.text;
    },
  };
}

const FOUR = { kernel: ['a', 'b', 'c', 'd'] };

describe('RunPace', () => {
  it('gives no time before a cell has been judged', () => {
    const { pace, start, end } = startRun(FOUR);
    expect(pace.text).toBe('0 of 4 cells done');
    start('0');
    expect(end('0', 20, false)).toBe('1 of 4 cells done');
  });

  it('counts down cell by cell, and by the time that running ones have had', () => {
    const { start, end, at } = startRun(FOUR);
    start('0');
    expect(end('0', 20)).toBe('1 of 4 cells done, about 60 s left');
    start('1');
    expect(at(30)).toBe('1 of 4 cells done, about 50 s left');
    // It takes longer than was expected of it.
    expect(at(50)).toBe('1 of 4 cells done, about 40 s left');
    end('1', 50);
    start('2');
    end('2', 70);
    expect(at(70)).toBe('3 of 4 cells done, about 20 s left');
    start('3');
    expect(at(92)).toBe('3 of 4 cells done, a few seconds left');
    expect(end('3', 95)).toBe('4 of 4 cells done');
  });

  it('divides the rest among the machines that run at a time', () => {
    const { start, end } = startRun({ kernel: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] });
    start('0');
    start('1');
    end('0', 60);
    expect(end('1', 60)).toBe('2 of 8 cells done, about 3 min left');
  });

  it('expects of a cell what those like it took: the same kernel, a dump', () => {
    const { start, end } = startRun({ kernel: ['a', 'b'], crashkernel: [null, '256M'] });
    start('0');
    end('0', 10);
    start('1');
    end('1', 50);
    start('2');
    expect(end('2', 70)).toBe('3 of 4 cells done, about 40 s left');
  });

  it('gives no time while a kernel is being built', () => {
    const { pace, start, end, at } = startRun(FOUR);
    start('0');
    pace.add({ kind: 'start', cell: '1' });
    pace.add({ kind: 'phase', cell: '1', phase: 'kernel' });
    expect(end('0', 20)).toBe('1 of 4 cells done');
    at(300);
    pace.add({ kind: 'phase', cell: '1', phase: 'firmware' });
    expect(pace.text).toBe('1 of 4 cells done, about 30 s left');
  });

  it('says nothing of a single cell', () => {
    const { start, end } = startRun({ kernel: ['a'] });
    start('0');
    expect(end('0', 20)).toBe('');
  });
});
