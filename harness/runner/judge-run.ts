// SPDX-License-Identifier: MIT
import { existsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { type End, endOfCode } from '../ends.ts';
import {
  FormatError,
  InterruptedError,
  UsageError,
  codeOf,
  fromSystemError,
  wordsOf,
} from '../errors.ts';
import type { JudgedCell, RunResult } from '../matrix/judged-cell.ts';
import { HeldFolder } from '../process/held-folder.ts';
import { judgeFolder, type judgeOnly } from './judge-folder.ts';
import { CLAIM, PLAN, SHARED_VMCORES } from './results-folder.ts';

/** A folder of a cell that cannot be judged: sub1m was killed before the cell ended, or a file is not what it must be. */
export interface NotJudged {
  readonly folder: string;
  readonly why: string;
  readonly end: End;
}

/** A run that was judged again. */
export interface JudgedRun extends RunResult {
  readonly notJudged: readonly NotJudged[];
}

/** Files and folders of a run. */
const ENTRIES_LIMIT = 10_000;

/** Characters of what is judged, as JSON: a cell has 100,000. */
const RUN_LIMIT = 512 * 1024 * 1024;

/** Bytes of `run.json`, of which only the order of the cells is read. */
const ORDER_LIMIT = 64 * 1024 * 1024;

/**
 * Judges the bundles of a run again, or of one cell, from their evidence alone: no machine is started. What cannot be
 * judged keeps nothing else from it. Throws `UsageError` if the folder holds no bundle, `FormatError` for a single cell
 * that cannot be judged.
 */
export async function judgeRun(
  results: string,
  signal: AbortSignal,
  judge: typeof judgeOnly = judgeFolder,
): Promise<JudgedRun> {
  const startedAt = performance.now();
  const folder = resolve(results);
  const isCell = isCellFolder(folder);
  const cells: JudgedCell[] = [];
  const notJudged: NotJudged[] = [];
  let characters = 0;
  for (const cell of cellFolders(folder)) {
    try {
      if (characters > RUN_LIMIT) throw tooMuch();
      const judged = await requireJudged(cell, () => judge(cell, signal), signal);
      characters += JSON.stringify(judged).length;
      cells.push(judged);
    } catch (error) {
      if (isCell) throw error;
      notJudged.push(notJudgedFor(cell, error));
    }
  }
  return {
    id: basename(folder),
    folder,
    startedAt: cells.map(({ record }) => record.startedAt).toSorted()[0] ?? '',
    seconds: (performance.now() - startedAt) / 1000,
    cells,
    notJudged,
  };
}

/** What `judge` gives for a folder of a cell. Throws if there is no cell in it, or the signal has fired. */
export async function requireJudged<T>(
  folder: string,
  judge: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  if (signal.aborted) {
    throw new InterruptedError('Interrupted before it was judged', { cause: signal.reason });
  }
  if (!existsSync(join(folder, 'cell.json'))) {
    throw new UsageError(
      'It has no cell.json: sub1m was killed before the cell ended; run the cell again',
    );
  }
  try {
    return await judge();
  } catch (error) {
    throw fromSystemError(error, `judge ${folder}`);
  }
}

/** Whatever is wrong with a folder in a run is nothing that the user named. */
export function notJudgedFor(folder: string, error: unknown): NotJudged {
  const end = endOfCode(codeOf(error));
  const isAnswer = end === 'bug' || end === 'host' || end === 'interrupted';
  return { folder, why: wordsOf(error), end: isAnswer ? end : 'unjudged' };
}

function tooMuch(): FormatError {
  return new FormatError(
    `Expected at most ${RUN_LIMIT} characters of judgements in a run, found more; judge its cells one by one`,
  );
}

function isCellFolder(path: string): boolean {
  return existsSync(join(path, 'cell.json'));
}

/** The folders of a run's cells, in the order of the run's report if there is one; of a cell, that alone. */
export function cellFolders(path: string): string[] {
  if (isCellFolder(path)) return [path];
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw noRun(path);
  // The folder that a user names may be a link of the user's; a link in it is a cell that cannot be judged.
  using folder = HeldFolder.open(path, { follow: true });
  const entries = folder.entries(ENTRIES_LIMIT);
  const order = new Map(reportedOrder(folder).map((id, place) => [id, place]));
  const cells = entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .filter((name) => name !== SHARED_VMCORES);
  const isRun =
    entries.some(({ name }) => name === CLAIM || name === PLAN) ||
    cells.some((name) => existsSync(join(path, name, 'cell.json')));
  if (!isRun || cells.length === 0) throw noRun(path);
  const place = (id: string): number => order.get(id) ?? order.size;
  return cells
    .toSorted()
    .toSorted((a, b) => place(a) - place(b))
    .map((id) => join(path, id));
}

function noRun(path: string): UsageError {
  return new UsageError(
    `Cannot judge ${path}: expected the folder of a run or a cell; they are under results/`,
  );
}

const runSchema = z.object({ cells: z.array(z.object({ id: z.string() })).max(ENTRIES_LIMIT) });

/** The ids of the cells in `run.json`; none of a run that was cut short, or of one that is no run's. */
function reportedOrder(folder: HeldFolder): string[] {
  using file = folder.file('run.json');
  if (file === undefined || file.size > ORDER_LIMIT) return [];
  try {
    const text = Buffer.from(file.read(0, file.size)).toString('utf8');
    return runSchema.parse(JSON.parse(text)).cells.map(({ id }) => id);
  } catch {
    return [];
  }
}
