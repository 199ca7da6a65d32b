// SPDX-License-Identifier: MIT
import { constants } from 'node:fs';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { FormatError, UsageError } from '../errors.ts';
import type { PlannedRun } from '../matrix/planned-run.ts';
import { asciiJson } from '../memory/ascii-json.ts';
import { FileLock } from '../process/file-lock.ts';
import { HeldFolder } from '../process/held-folder.ts';
import { replaceFile } from '../process/replace-file.ts';
import { IS_CHECKOUT, projectPath } from '../project-root.ts';
import { planFileDocument } from '../report/plan-report.ts';
import { readRunPlan } from '../report/schema/run-plan-schema.ts';

/** The folder of results unless one is named: the checkout's; without a checkout, `results/` of the current folder. */
export const RESULTS = IS_CHECKOUT ? projectPath('results') : resolve('results');

/** The file of history unless one is named. */
export const HISTORY = join(RESULTS, 'history.jsonl');

/** The file that marks a folder as taken by a run. */
export const CLAIM = '.claimed-by-run';

/** The file that says what a run is about to do. */
export const PLAN = 'plan.json';

/** Bytes that it may have: that of the largest matrix has half of them. */
export const PLAN_BYTES = 64 * 1024 * 1024;

/** The folder in that of a run for what its vmcores share. No cell is called so: all their names have a dot. */
export const SHARED_VMCORES = 'vmcores';

/** The folder of one run, and the run's id. */
export interface ResultsFolder {
  readonly path: string;
  readonly run: string;
}

/**
 * Makes the folder of a new run: `wanted`, which must be new or empty, or one named for the time under `results/`.
 * Throws `UsageError` for a folder with something in it: two runs never share one.
 */
export async function claimResultsFolder(wanted: string | undefined): Promise<ResultsFolder> {
  const path = wanted === undefined ? join(RESULTS, runId()) : resolve(wanted);
  await mkdir(dirname(path), { recursive: true });
  try {
    await mkdir(path);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
    await requireOurs(path);
    await requireEmpty(path);
  }
  // Of two runs that found the folder empty at once, one cannot make this file.
  await writeFile(join(path, CLAIM), `${process.pid}\n`, { flag: 'wx' });
  return { path, run: basename(path) };
}

/** Writes down what the run is about to do: where it is killed, that tells what is missing. */
export async function writePlan(folder: string, plan: PlannedRun): Promise<void> {
  await replaceFile(join(folder, PLAN), `${asciiJson(planFileDocument(plan), 1)}\n`);
}

/**
 * The lock that a program has on the folder of a run for as long as it runs its cells. Throws `UsageError` if another
 * has it.
 */
export async function lockResults(folder: string, signal: AbortSignal): Promise<AsyncDisposable> {
  const lock = await FileLock.tryAcquire(join(folder, CLAIM), { signal });
  if (lock !== null) return lock;
  throw new UsageError(
    `Cannot run cells in ${folder}: expected that no other program does, found one; wait for its end, or end it`,
  );
}

/**
 * What a run was about to do; null if it did not write that down. `source` is its folder in messages. Throws as
 * `readRunPlan()` does.
 */
export function readPlan(path: string, source: string): PlannedRun | null {
  using folder = HeldFolder.open(path, { follow: true });
  using file = folder.file(PLAN);
  if (file === undefined) return null;
  if (file.size > PLAN_BYTES) {
    throw new FormatError(
      `Cannot read ${join(source, PLAN)}: expected at most ${PLAN_BYTES} bytes, found ${file.size}`,
    );
  }
  const text = Buffer.from(file.read(0, file.size)).toString('utf8');
  return readRunPlan(text, join(source, PLAN));
}

/** The time in UTC to the second, and the process: two runs that start at once differ. */
function runId(): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  return `${time}-${process.pid}`;
}

/** Whoever may write into the folder could lead our files elsewhere with links. A link to the folder is the user's own. */
async function requireOurs(path: string): Promise<void> {
  const { uid, mode } = await stat(path);
  const found =
    uid !== process.geteuid?.()
      ? `one of user ${uid}`
      : (mode & constants.S_IWOTH) !== 0
        ? 'one that everybody may write to'
        : undefined;
  if (found === undefined) return;
  throw new UsageError(
    `Cannot use ${path} for results: expected a folder of your own, found ${found}; ` +
      'name a new one with --results',
  );
}

async function requireEmpty(path: string): Promise<void> {
  const names = await readdir(path).catch(() => ['a file']);
  if (names.length > 0) {
    throw new UsageError(
      `Cannot use ${path} for results: expected a new or empty folder, found ${names.slice(0, 3).join(', ')}; ` +
        'name another with --results',
    );
  }
}
