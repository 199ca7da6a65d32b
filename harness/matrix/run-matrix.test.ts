// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../errors.ts';
import { type PlannedCell, expand } from './expand.ts';
import { judgedCell } from './testing/judged-cell-builder.ts';
import type { JudgedCell } from './judged-cell.ts';
import { type MatrixEvent, type RunMatrixOptions, runMatrix } from './run-matrix.ts';

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
    const ending = running.get(kernel);
    running.delete(kernel);
    if (error) ending?.reject(error);
    else ending?.resolve(judgedCell({ axes: { kernel: [kernel] } }));
    // The next cell starts in the microtasks that follow.
    await new Promise(setImmediate);
  };
  const onEvent = ({ kind, cell }: MatrixEvent): void => {
    events.push(`${kind} ${cell[0]}`);
  };
  return { run, end, onEvent, events, running, most: () => most };
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

function start(fake: ReturnType<typeof fakeCells>, options: Partial<RunMatrixOptions> = {}) {
  const { run, onEvent } = fake;
  const { signal } = new AbortController();
  return runMatrix(CELLS, { jobs: 2, signal, run, onEvent, ...options });
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
    expect([...fake.running.keys()]).toEqual(['a', 'b', 'c', 'd', 'e']);
    for (const kernel of ['a', 'b', 'c', 'd', 'e']) await fake.end(kernel);
    expect(await run).toHaveLength(5);
  });

  it('runs the other cells when one throws, then throws the first error', async () => {
    const fake = fakeCells();
    const run = start(fake);
    const thrown = run.catch((error: unknown) => error);
    await fake.end('b', new Error('bug in b'));
    await fake.end('a', new Error('bug in a'));
    for (const kernel of ['c', 'd', 'e']) await fake.end(kernel);
    expect(await thrown).toEqual(new Error('bug in a'));
    expect(fake.events.filter((event) => event.startsWith('end'))).toHaveLength(5);
  });

  it('starts no cell after an abort and waits for those that run', async () => {
    const fake = fakeCells();
    const abort = new AbortController();
    const run = start(fake, { signal: abort.signal });
    const thrown = run.catch((error: unknown) => error);
    abort.abort();
    await fake.end('a');
    expect([...fake.running.keys()]).toEqual(['b']);
    await fake.end('b', new InterruptedError('Interrupted'));
    expect(await thrown).toEqual(new InterruptedError('Interrupted after 1 of 5 cells'));
    expect(fake.events).toEqual(['start a', 'start b', 'end a', 'end b']);
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
