// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { InvariantOutcome } from '../check/judgement.ts';
import { cellKey } from '../history/cell-key.ts';
import { historyLineSchema } from '../history/history-line.ts';
import { readHistory } from '../history/read-history.ts';
import { expand } from '../matrix/expand.ts';
import type { JudgedCell, RunResult } from '../matrix/judged-cell.ts';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { type RepeatedCell, historyLines, noteHistory } from './note-history.ts';
import { untoldCell } from './untold-cell.ts';

const AT = '2026-11-22T13:30:00.000Z';

function runOf(...cells: readonly JudgedCell[]): RunResult {
  return { id: 'run', folder: 'results/run', startedAt: AT, seconds: 1, cells };
}

const [PLANNED] = expand({ kernel: ['debian:6.12'] });
if (!PLANNED) throw new Error('Expected a cell');
const CELL: RepeatedCell = { ...PLANNED, planned: PLANNED.id, repeat: 1 };

function outcome(id: InvariantOutcome['id'], words: Partial<InvariantOutcome>): InvariantOutcome {
  return { id, outcome: 'kept', known: null, why: '', pages: [], evidence: null, ...words };
}

describe('historyLines()', () => {
  it('says of a cell what it was, and what it showed', () => {
    const cell = judgedCell({
      record: { seconds: { firmware: 2.5, boot: 6.252525, total: 12.34567 } },
      judgement: {
        verdict: { kind: 'mismatch', broken: ['lowmem.locked'] },
        invariants: [
          outcome('boot.userspace', {}),
          outcome('boot.sound', {}),
          outcome('lowmem.locked', { outcome: 'broken' }),
          outcome('kdump.dmesg', { outcome: 'known', known: { reference: 'x' } }),
          outcome('kdump.undisturbed', { outcome: 'unseen' }),
          outcome('panic.reboots', { outcome: 'not-asked' }),
        ],
      },
    });
    const [line] = historyLines(runOf(cell), [CELL]);
    expect(line).toEqual({
      schema: 1,
      run: 'run',
      at: AT,
      cell: 'debian-6.12.no-crashkernel',
      repeat: 1,
      key: cellKey(CELL.spec),
      kernel: { ref: 'debian:6.12', release: '6.12.43+deb12-cloud-amd64', image: '00' },
      ovmf: '00',
      accel: 'tcg',
      verdict: { counted: 'mismatch', kind: 'mismatch', code: null },
      invariants: {
        kept: ['boot.userspace', 'boot.sound'],
        known: ['kdump.dmesg'],
        broken: ['lowmem.locked'],
        unseen: ['kdump.undisturbed'],
      },
      fault: null,
      seconds: { firmware: 2.5, boot: 6.253, total: 12.346 },
      sub1m: '0.1.0',
    });
    expect(historyLineSchema.parse(line)).toEqual(line);
  });

  it('knows a repeat for the same cell', () => {
    const id = `${CELL.id}.repeat-2`;
    const again = judgedCell({ record: { id } });
    const lines = historyLines(runOf(judgedCell(), again), [CELL, { ...CELL, id, repeat: 2 }]);
    expect(lines.map(({ cell, key, repeat }) => ({ cell, key, repeat }))).toEqual([
      { cell: CELL.id, key: cellKey(CELL.spec), repeat: 1 },
      { cell: CELL.id, key: cellKey(CELL.spec), repeat: 2 },
    ]);
  });

  it('has the key of what was asked, also if the kernel was held to the policy of its recipe', () => {
    const held = judgedCell({ record: { spec: { ...CELL.spec, policy: 'two-phase' } } });
    const untold = untoldCell(CELL, 'results/run/x', new Error('no kernel'));
    const keys = [held, untold].map((cell) => historyLines(runOf(cell), [CELL])[0]?.key);
    expect(keys).toEqual([cellKey(CELL.spec), cellKey(CELL.spec)]);
  });

  it('notes which cell asks the same of another accelerator', () => {
    const cell = { ...CELL, spec: { ...CELL.spec, accel: 'tcg' } } as const;
    const [line] = historyLines(runOf(judgedCell()), [cell]);
    expect(line).toMatchObject({ key: cellKey(cell.spec), anyAccel: cellKey(CELL.spec) });
    expect(historyLineSchema.parse(line)).toEqual(line);
  });

  it('notes a cell that was not run', () => {
    const untold = untoldCell(CELL, 'results/run/x', new RangeError('too far'));
    const [line] = historyLines(runOf(untold), [CELL]);
    expect(line).toMatchObject({
      kernel: { ref: 'debian:6.12', release: null, image: null },
      ovmf: null,
      accel: null,
      verdict: { counted: 'unjudged', kind: 'unjudged', code: 'E_BUG' },
    });
    expect(historyLineSchema.parse(line)).toEqual(line);
  });

  it.each([
    { caught: ['lowmem.locked'], counted: 'match', is: true },
    { caught: [], counted: 'mismatch', is: false },
  ] as const)('notes whether a seeded fault was caught: $is', ({ caught, counted, is }) => {
    const fault = { name: 'leak', caughtBy: ['lowmem.locked'], caught };
    const [line] = historyLines(runOf(judgedCell({ judgement: { fault } })), [CELL]);
    expect(line).toMatchObject({ fault: { name: 'leak', caught: is }, verdict: { counted } });
  });

  it('notes why a broken cell was cut short', () => {
    const cutShort = { kind: 'unjudged', code: 'E_QMP', why: '' } as const;
    const verdict = { kind: 'mismatch', broken: [], cutShort } as const;
    const [line] = historyLines(runOf(judgedCell({ judgement: { verdict } })), [CELL]);
    expect(line?.verdict).toEqual({ counted: 'mismatch', kind: 'mismatch', code: 'E_QMP' });
  });
});

describe('noteHistory()', () => {
  it('adds the run to the file', async () => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'history.jsonl');
    const run = runOf(judgedCell());
    expect(await noteHistory(path, run, [CELL])).toBeNull();
    const { signal } = new AbortController();
    expect((await readHistory([path], { signal })).lines).toEqual(historyLines(run, [CELL]));
  });

  it('gives the error: no verdict is lost for it', async () => {
    await using temp = await makeTempDir();
    const error = await noteHistory(temp.path, runOf(judgedCell()), [CELL]);
    expect(error?.message).toContain('expected a file, found a folder');
    await expect(readFile(temp.path)).rejects.toThrow('EISDIR');
  });
});
