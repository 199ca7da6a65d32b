// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readCellRecord } from '../bundle/bundle.ts';
import { BundleFolder } from '../bundle/bundle-folder.ts';
import { FormatError, InputError, InterruptedError, UsageError } from '../errors.ts';
import type { Kernel } from '../kernel/require-kernel.ts';
import type { JudgedCell, RunResult } from '../matrix/judged-cell.ts';
import type { PlannedRun } from '../matrix/planned-run.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import { sweepUnfinished } from '../process/unfinished.ts';
import { codeVersion } from './code-version.ts';
import { Journal, readJournal } from './journal.ts';
import type { Kernels } from './kernels.ts';
import type { RepeatedCell } from './note-history.ts';
import { lockResults, readPlan } from './results-folder.ts';
import { isRunAgain } from './run-again.ts';
import { judgeLeft } from './run-and-judge.ts';
import { type RunSettings, executeRun, keepingOf, repeated, requireShared } from './run-plan.ts';
import type { RunnerContext } from './runner-context.ts';

/** What may be other than when the run began. */
type ResumeSettings = Pick<RunSettings, 'jobs' | 'scheduler'>;

/**
 * Goes on with a run that was cut short, and gives it whole. A cell that left its record has ended: it is judged by its
 * evidence. What others left is removed, and they are run. Throws `UsageError` for a folder that is no run's, is in use, or
 * has the run of another sub1m; else like `runPlan`.
 */
export async function resumeRun(
  results: string,
  given: ResumeSettings,
  context: RunnerContext,
): Promise<RunResult> {
  const folder = resolve(results);
  const { startedAt, settings: asked, known, cells: planned, seconds } = await readJournal(folder);
  const plan = readPlan(folder, folder);
  requireSameCode(folder, plan);
  const settings = { ...asked, ...given };
  await using held = new CleanupStack();
  held.use(await lockResults(folder, context.signal));
  // A bundle of a queue that was being taken in.
  await sweepUnfinished(folder);
  const cells = repeated(planned, settings.repeat ?? 1);
  const keeping = keepingOf(settings, folder);
  const ended: JudgedCell[] = [];
  for (const cell of cells) {
    const judged = await endOf(cell, { folder, keeping, context });
    if (judged) ended.push(judged);
  }
  const left = cells.filter((cell) => !ended.some(({ record }) => record.id === cell.id));
  context.log.info(`${ended.length} of ${cells.length} cells have ended before`);
  await using shared = await requireShared(left, settings, context);
  await using journal = await Journal.goOn(folder, context.log);
  const run = { id: plan.run, folder, startedAt, secondsBefore: seconds, cells, ended, known };
  const kernels = sameKernels(shared.kernels, ended);
  return await executeRun(run, { settings, shared: { ...shared, kernels }, journal, context });
}

/** A run by other code would be half of one, half of another: its cells could not be compared. */
function requireSameCode(folder: string, plan: PlannedRun | null): asserts plan is PlannedRun {
  const { version, code, model } = codeVersion();
  if (plan?.sub1m.code === code && plan.sub1m.model === model) return;
  const found =
    plan === null ? 'no plan.json' : `that of sub1m ${plan.sub1m.version} with other code`;
  throw new UsageError(
    `Cannot go on with ${folder}: expected a run of this sub1m, ${version}, found ${found}; start a new run`,
  );
}

interface EndOptions {
  readonly folder: string;
  readonly keeping: ReturnType<typeof keepingOf>;
  readonly context: RunnerContext;
}

/** What came of a cell; undefined if it did not come to its end, and what it left is removed. */
async function endOf(
  { id }: RepeatedCell,
  { folder: results, keeping, context: { signal, log } }: EndOptions,
): Promise<JudgedCell | undefined> {
  const folder = join(results, id);
  if (!existsSync(folder)) return undefined;
  if (signal.aborted) throw new InterruptedError('Interrupted before the run went on');
  const judged = hasRecord(folder) ? await judgeLeft(folder, keeping, { signal, log }) : undefined;
  if (judged && !isRunAgain(judged)) return judged;
  await rm(folder, { recursive: true });
  return undefined;
}

/** Whether the record of a cell is there, and whole: it is what a cell writes last. */
function hasRecord(folder: string): boolean {
  if (!existsSync(join(folder, 'cell.json'))) return false;
  try {
    using held = BundleFolder.open(folder);
    readCellRecord(held);
    return true;
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

/** Kernels that are what they were when the cells that have ended were run: a run has one kernel of a name. */
export function sameKernels(kernels: Kernels, ended: readonly JudgedCell[]): Kernels {
  const images = new Map(
    ended.flatMap(({ record: { spec, kernel } }) =>
      kernel ? [[spec.kernel, kernel.imageSha256] as const] : [],
    ),
  );
  const same = async (ref: string, getting: Promise<Kernel>): Promise<Kernel> => {
    const kernel = await getting;
    const expected = images.get(ref);
    if (expected === undefined || expected === kernel.imageSha256) return kernel;
    throw new InputError(
      `Cannot go on with ${ref}: expected the image with sha256 ${expected}, found ${kernel.imageSha256}; start a new run`,
    );
  };
  return {
    get: (ref) => same(ref, kernels.get(ref)),
    again: (ref) => same(ref, kernels.again(ref)),
    waitFor: (cell) => kernels.waitFor(cell),
    [Symbol.asyncDispose]: () => kernels[Symbol.asyncDispose](),
  };
}
