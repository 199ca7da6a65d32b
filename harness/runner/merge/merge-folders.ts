// SPDX-License-Identifier: MIT
import { realpath, stat } from 'node:fs/promises';
import { type End, firstEnd } from '../../ends.ts';
import {
  FormatError,
  InterruptedError,
  UnsupportedFormatError,
  UsageError,
  fromSystemError,
  wordsOf,
} from '../../errors.ts';
import { type MergedRun, mergeRuns } from '../../matrix/merge-runs.ts';
import type { Unread } from '../../matrix/merged-run.ts';
import { planDifferences } from '../../matrix/plan-differences.ts';
import type { PlannedRun } from '../../matrix/planned-run.ts';
import { runEnd } from '../../matrix/run-end.ts';
import { CleanupStack } from '../../process/cleanup-stack.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { codeVersion } from '../code-version.ts';
import { type FoundRun, findRuns } from './find-runs.ts';
import { readPlan } from '../results-folder.ts';
import { type ReadRun, readRun } from './read-run.ts';
import { unpackArchive } from './unpack-archive.ts';

/** How runs are merged. */
interface MergeOptions {
  /** Whether they may be of different code, models and matrices. */
  readonly isMixed: boolean;
  readonly signal: AbortSignal;
}

/** Runs that were merged; what was unpacked for it is there until this is disposed of. */
export interface MergedFolders extends AsyncDisposable {
  readonly run: MergedRun;
  /** How it ends the command. */
  readonly end: End;
}

/**
 * Reads runs from folders of results, and from archives of them, and merges them into one. What cannot be read is named,
 * and the rest is merged. Throws `UsageError` for what is not there, for runs of another matrix, code or model than the
 * first (unless `isMixed`), and if there is no run at all; `UnsupportedFormatError` for a plan of a newer sub1m;
 * `InterruptedError` when the signal fires.
 */
export async function mergeFolders(
  paths: readonly string[],
  { isMixed, signal }: MergeOptions,
): Promise<MergedFolders> {
  const startedAt = performance.now();
  await using holding = new CleanupStack();
  const inputs = await findInputs(paths, { holding, signal });
  const runs = plansOf(inputs);
  const [lost] = inputs.errors;
  if (runs.length === 0 && lost) throw lost;
  const differences = planDifferences(runs);
  const [difference] = differences;
  if (difference && !isMixed) {
    throw new UsageError(
      `Cannot merge ${difference.source}: ${difference.words}; run it again, leave it out, or give --mixed`,
    );
  }
  const read: ReadRun[] = [];
  for (const { plan, ...found } of runs) read.push(await readRun(found, plan, signal));
  if (signal.aborted) {
    throw new InterruptedError('Interrupted in merging runs', { cause: signal.reason });
  }
  const merged = mergeRuns(
    read.map(({ run }) => run),
    {
      unread: inputs.unread,
      notes: [...inputs.notes, ...runs.flatMap(noteOf)],
      mixed: differences.map(({ source, words }) => `${source}: ${words}`),
    },
  );
  const run = { ...merged, seconds: (performance.now() - startedAt) / 1000 };
  const end = mergedEnd(run, { read, isUnread: inputs.unread.length > 0 });
  const cleanups = holding.move();
  return { run, end, [Symbol.asyncDispose]: () => cleanups[Symbol.asyncDispose]() };
}

/** What a reader must know of a run's plan, if anything. */
function noteOf({ source, plan }: PlannedInput): string[] {
  if (plan === null) return [`${source} has no plan.json: what it was to run is not known`];
  const { version, code } = codeVersion();
  return plan.sub1m.code === code
    ? []
    : [
        `${source} was run by sub1m ${plan.sub1m.version} with other code than judged it now, ${version}`,
      ];
}

/** A cell that one run could not judge, and another did, is judged. */
function mergedEnd(
  { cells, merge }: MergedRun,
  { read, isUnread }: { readonly read: readonly ReadRun[]; readonly isUnread: boolean },
): End {
  const reached = new Set(cells.map(({ folder }) => nameIn(folder)));
  const isLost = isUnread || merge.missing.length > 0;
  const notJudged = read.flatMap((one) => one.notJudged);
  return firstEnd([
    runEnd(cells),
    isLost ? 'unjudged' : 'done',
    ...notJudged.filter(({ folder }) => !reached.has(nameIn(folder))).map(({ end }) => end),
  ]);
}

function nameIn(folder: string): string {
  return folder.slice(folder.lastIndexOf('/') + 1);
}

/** What was found where the user said. */
interface Inputs {
  readonly runs: FoundRun[];
  readonly unread: Unread[];
  readonly notes: string[];
  /** Why nothing was found, in the order of `unread`. */
  readonly errors: Error[];
  /** Where the runs are, whatever names lead there. */
  readonly places: Set<string>;
}

async function findInputs(
  paths: readonly string[],
  { holding, signal }: { readonly holding: CleanupStack; readonly signal: AbortSignal },
): Promise<Inputs> {
  const inputs: Inputs = { runs: [], unread: [], notes: [], errors: [], places: new Set() };
  for (const path of paths) await requireThere(path);
  for (const path of paths) {
    try {
      const found = findRuns({ path: await openInput(path, { holding, signal }), source: path });
      inputs.unread.push(...found.unread);
      if (found.runs.length === 0) throw noRun(path);
      for (const run of found.runs) await addOnce(run, inputs);
    } catch (error) {
      note(inputs, path, error);
    }
  }
  return inputs;
}

async function addOnce(run: FoundRun, { runs, notes, places }: Inputs): Promise<void> {
  const place = await realpath(run.path);
  if (places.has(place)) notes.push(`${run.source} was given twice, and is read once`);
  else runs.push(run);
  places.add(place);
}

/** Where the runs of an input are: a folder is where it is, an archive is unpacked. */
async function openInput(
  path: string,
  { holding, signal }: { readonly holding: CleanupStack; readonly signal: AbortSignal },
): Promise<string> {
  if ((await stat(path)).isDirectory()) return path;
  const temp = holding.use(await makeTempDir());
  await unpackArchive(path, temp.path, signal);
  return temp.path;
}

/** A name that leads nowhere is a mistake: nothing is read before it is mended. */
async function requireThere(path: string): Promise<void> {
  await stat(path).catch((cause: unknown) => {
    const what = 'expected a folder of results or an archive of one, found none';
    throw new UsageError(`Cannot merge ${path}: ${what}`, { cause });
  });
}

function noRun(path: string): UsageError {
  return new UsageError(
    `Cannot merge ${path}: expected the results of a run, found none in it; they are under results/`,
  );
}

/** Notes what cannot be read. Throws what is no fault of the input. */
function note({ unread, errors }: Inputs, source: string, thrown: unknown): void {
  const error = fromSystemError(thrown, `read ${source}`);
  const isOfInput = error instanceof FormatError || error instanceof UsageError;
  if (!isOfInput || error instanceof UnsupportedFormatError) throw error;
  unread.push({ source, why: wordsOf(error) });
  errors.push(error);
}

type PlannedInput = FoundRun & { readonly plan: PlannedRun | null };

/** The runs with their plans. */
function plansOf(inputs: Inputs): PlannedInput[] {
  return inputs.runs.flatMap((found) => {
    try {
      return [{ ...found, plan: readPlan(found.path, found.source) }];
    } catch (error) {
      note(inputs, found.source, error);
      return [];
    }
  });
}
