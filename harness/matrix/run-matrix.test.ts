// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../errors.ts';
import { Admission, machinesAtATime } from './admission.ts';
import { type PlannedCell, expand } from './expand.ts';
import { judgedCell } from './testing/judged-cell-builder.ts';
import type { JudgedCell } from './judged-cell.ts';
import { type MatrixEvent, runMatrix } from './run-matrix.ts';

const CELLS = expand({ kernel: ['a', 'b', 'c', 'd', 'e'] });

/** Cells that end when the test says so, and a record of what happened. */
function fakeCells() {
  const running = new Map<string, PromiseWithResolvers>();
  const events: string[] = [];
  let most = 0;
  const run = (cell: PlannedCell): Promise<JudgedCell> => {
    const ending = withResolvers();
    running.set(cell.spec.kernel, ending);
    most = Math.max(most, running.size);
    return ending.promise;
  };
  const end = async (kernel: string, error?: Error): Promise<void> => {
    await started();
    const ending = running.get(kernel);
    running.delete(kernel);
    if (error) ending?.reject(error);
    else ending?.resolve(judgedCell({ axes: { kernel: [kernel] } }));
    await started();
  };
  const onEvent = ({ kind, cell }: MatrixEvent): void => {
    events.push(`${kind} ${cell[0]}`);
  };
  return { run, end, onEvent, events, running, most: () => most };
}

/** Cells start in the microtasks that follow. */
function started(): Promise<void> {
  return new Promise(setImmediate);
}

interface PromiseWithResolvers {
  readonly promise: Promise<JudgedCell>;
  readonly resolve: (judged: JudgedCell) => void;
  readonly reject: (error: Error) => void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve: PromiseWithResolvers['resolve'] = () => {};
  let reject: PromiseWithResolvers['reject'] = () => {};
  const promise = new Promise<JudgedCell>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** The kernel of a cell, and why it is untold if it is. */
function said({ record, folder }: JudgedCell): string {
  const { kernel } = record.spec;
  return folder.startsWith('untold') ? `${kernel}: ${folder.slice('untold '.length)}` : kernel;
}

/** A cell whose folder holds the error. */
function untold({ spec }: PlannedCell, error: unknown): JudgedCell {
  const cell = judgedCell({ axes: { kernel: [spec.kernel] } });
  return { ...cell, folder: `untold ${String(error)}` };
}

function start(
  fake: ReturnType<typeof fakeCells>,
  { jobs = 2, ...options }: Partial<Parameters<typeof runMatrix>[1]> & { jobs?: number } = {},
) {
  const { run, onEvent } = fake;
  const { signal } = new AbortController();
  const admission = new Admission(machinesAtATime(jobs));
  return runMatrix(CELLS, { admission, signal, run, untold, onEvent, ...options });
}

describe('runMatrix', () => {
  it('starts cells in order, as many at a time as jobs, and gives them in order', async () => {
    const fake = fakeCells();
    const run = start(fake);
    for (const kernel of ['b', 'c', 'a', 'e', 'd']) {
      expect(fake.running.size).toBeLessThanOrEqual(2);
      await fake.end(kernel);
    }
    const kernels = (await run).map(({ record }) => record.spec.kernel);
    expect(kernels).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(fake.most()).toBe(2);
    expect(fake.events.join(', ')).toBe(
      'start a, start b, end b, start c, end c, start d, end a, start e, end e, end d',
    );
  });

  it('runs no cell twice when there are more jobs than cells', async () => {
    const fake = fakeCells();
    const run = start(fake, { jobs: 9 });
    await started();
    expect([...fake.running.keys()]).toEqual(['a', 'b', 'c', 'd', 'e']);
    for (const kernel of ['a', 'b', 'c', 'd', 'e']) await fake.end(kernel);
    expect(await run).toHaveLength(5);
  });

  it('runs the other cells when one throws, which is then untold', async () => {
    const fake = fakeCells();
    const run = start(fake);
    await fake.end('b', new RangeError('bug in b'));
    for (const kernel of ['a', 'c', 'd', 'e']) await fake.end(kernel);
    expect((await run).map(said)).toEqual(['a', 'b: RangeError: bug in b', 'c', 'd', 'e']);
    expect(fake.events.filter((event) => event.startsWith('end'))).toHaveLength(5);
  });

  it('throws the first error when no cell came to its end', async () => {
    const fake = fakeCells();
    const run = start(fake);
    const thrown = run.catch((error: unknown) => error);
    await fake.end('b', new Error('no room for b'));
    await fake.end('a', new Error('no room for a'));
    for (const kernel of ['c', 'd', 'e']) await fake.end(kernel, new Error('no room'));
    expect(await thrown).toEqual(new Error('no room for a'));
  });

  it('starts no cell after an abort, waits for those that run, and keeps those that ended', async () => {
    const fake = fakeCells();
    const abort = new AbortController();
    const run = start(fake, { signal: abort.signal });
    await started();
    abort.abort();
    await fake.end('a');
    expect([...fake.running.keys()]).toEqual(['b']);
    await fake.end('b', new InterruptedError('Interrupted'));
    const why = 'InterruptedError: Interrupted after 1 of 5 cells';
    expect((await run).map(said)).toEqual([
      'a',
      ...['b', 'c', 'd', 'e'].map((k) => `${k}: ${why}`),
    ]);
    expect(fake.events).toEqual(['start a', 'start b', 'end a', 'end b']);
  });

  it('throws when an abort leaves no cell that ended', async () => {
    const fake = fakeCells();
    const abort = new AbortController();
    const thrown = start(fake, { signal: abort.signal }).catch((error: unknown) => error);
    await started();
    abort.abort();
    await fake.end('a', new Error('The connection is closed'));
    await fake.end('b', new InterruptedError('Interrupted'));
    expect(await thrown).toEqual(new InterruptedError('Interrupted after 0 of 5 cells'));
  });

  it('starts nothing when it was aborted before', async () => {
    const fake = fakeCells();
    await expect(start(fake, { signal: AbortSignal.abort() })).rejects.toThrow(
      new InterruptedError('Interrupted after 0 of 5 cells'),
    );
    expect(fake.events).toEqual([]);
  });

  it('passes on the phases of a cell', async () => {
    const events: MatrixEvent[] = [];
    await start(fakeCells(), {
      run: async ({ spec }, onPhase) => {
        if (spec.kernel === 'a') onPhase('capture');
        return Promise.resolve(judgedCell({ axes: { kernel: [spec.kernel] } }));
      },
      onEvent: (event) => events.push(event),
    });
    expect(events).toContainEqual({ kind: 'phase', cell: CELLS[0]?.id, phase: 'capture' });
  });
});
