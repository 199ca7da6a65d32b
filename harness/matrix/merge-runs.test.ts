// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { JudgedCell } from './judged-cell.ts';
import { mergeRuns } from './merge-runs.ts';
import type { SourceRun } from './merged-run.ts';
import { cellOf, plan, sourceRun, third } from './testing/source-run-builder.ts';

const NOTHING = { unread: [], notes: [], mixed: [] };

function merged(...runs: readonly SourceRun[]) {
  return mergeRuns(runs, NOTHING);
}

function idsOf({ cells }: { readonly cells: readonly JudgedCell[] }): string[] {
  return cells.map(({ record }) => record.id);
}

const BROKEN = { verdict: { kind: 'mismatch', broken: ['lowmem.locked'] } } as const;
const UNJUDGED = { verdict: { kind: 'unjudged', code: 'E_HOST', why: 'no room' } } as const;
const CUT = { verdict: { kind: 'unjudged', code: 'E_INTERRUPTED', why: 'stop' } } as const;

describe('mergeRuns', () => {
  it('puts the cells of all shards in the order of the matrix, whichever shard comes first', () => {
    const run = merged(
      sourceRun(third(3), ['f', 'e']),
      sourceRun(third(1), ['a', 'b']),
      sourceRun(third(2), ['c', 'd']),
    );
    expect(idsOf(run)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(run).toMatchObject({ id: 'night-3 + 2 more', startedAt: '2026-11-22T13:30:00.000Z' });
    expect(run.folder).toBe('results/night-3, results/night-1, results/night-2');
    expect(run.merge).toMatchObject({ missing: [], absentShards: [], repeats: [], notes: [] });
  });

  it('keeps the order in which they come of cells that are in no matrix, behind the others', () => {
    const run = merged(sourceRun(null, ['z', 'y']), sourceRun(plan(), ['b', 'a']));
    expect(idsOf(run)).toEqual(['a', 'b', 'z', 'y']);
  });

  it('names the second sample of a cell as a repeat, behind the first', () => {
    const again = cellOf('a', { policy: null }, '00');
    const rerun = { ...again, record: { ...again.record, startedAt: '2026-11-23T00:00:00Z' } };
    const run = merged(sourceRun(third(1), ['a', 'b']), sourceRun(third(1), [rerun]));
    expect(idsOf(run)).toEqual(['a', 'a.repeat-2', 'b']);
    expect(run.merge.repeats).toEqual([
      { cell: 'a', samples: ['a', 'a.repeat-2'], agreement: 'same' },
    ]);
  });

  it('takes the repeats of runs as samples of one cell', () => {
    const twice = plan({ repeat: 2, chosen: ['a'], planned: ['a'] });
    const later = cellOf('a', {}, '01');
    const run = merged(sourceRun(twice, ['a', 'a.repeat-2']), sourceRun(null, [later]));
    expect(idsOf(run)).toEqual(['a', 'a.repeat-2', 'a.repeat-3']);
  });

  it('counts a bundle once that is there twice', () => {
    const run = merged(sourceRun(third(1), ['a', 'b']), sourceRun(null, ['a', 'b']));
    expect(idsOf(run)).toEqual(['a', 'b']);
    expect(run.merge.notes).toEqual(['2 bundles twice among the runs: each counts once']);
    expect(run.merge.repeats).toEqual([]);
  });

  it('shows a copy of a bundle that is judged otherwise: it was changed', () => {
    const run = merged(sourceRun(null, ['a']), sourceRun(null, [cellOf('a', BROKEN)]));
    expect(run.merge.repeats).toEqual([
      { cell: 'a', samples: ['a', 'a.repeat-2'], agreement: 'flaky' },
    ]);
  });

  it('takes cells of one name that ask for something else for two cells', () => {
    const { record, ...rest } = cellOf('a');
    const other = { ...rest, record: { ...record, spec: { ...record.spec, cpus: 2 } } };
    const run = merged(sourceRun(null, ['a']), sourceRun(null, [other]));
    expect(idsOf(run)).toEqual(['a', 'a.2']);
    expect(run.merge.repeats).toEqual([]);
  });

  it('takes a cell that was interrupted for one that was not run', () => {
    const killed = sourceRun(third(1), ['a', cellOf('b', CUT)], { source: 'killed' });
    expect(idsOf(merged(killed))).toEqual(['a']);
    expect(merged(killed).merge.missing[0]).toEqual({
      cell: 'b',
      why: 'killed: it was interrupted',
    });
    const whole = merged(killed, sourceRun(third(1), ['b']));
    expect(idsOf(whole)).toEqual(['a', 'b']);
    expect(whole.merge.unread).toEqual([{ source: 'killed/b', why: 'it was interrupted' }]);
  });
});

describe('samples of a cell', () => {
  const saw = (...samples: readonly JudgedCell[]): string | undefined =>
    merged(sourceRun(null, samples)).merge.repeats[0]?.agreement;
  const other = (cell: JudgedCell): JudgedCell => {
    return { ...cell, record: { ...cell.record, startedAt: '2026-11-23T00:00:00Z' } };
  };

  it.each<[string, [JudgedCell, JudgedCell], string]>([
    ['match and match', [cellOf('a'), other(cellOf('a'))], 'same'],
    ['match and mismatch on the same image', [cellOf('a'), cellOf('a', BROKEN)], 'flaky'],
    ['match and mismatch on two images', [cellOf('a'), cellOf('a', BROKEN, '01')], 'differs'],
    ['match and unjudged', [cellOf('a'), cellOf('a', UNJUDGED)], 'differs'],
    ['unjudged twice', [cellOf('a', UNJUDGED), other(cellOf('a', UNJUDGED))], 'same'],
  ])('%s', (_, samples, agreement) => {
    expect(saw(...samples)).toBe(agreement);
  });

  it('that do not say what they ran on are not flaky', () => {
    const nowhere = { ...cellOf('a', BROKEN).record, machine: null };
    expect(saw(cellOf('a'), { ...cellOf('a', BROKEN), record: nowhere })).toBe('differs');
  });
});
