// SPDX-License-Identifier: MIT
import { type Dirent, existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { type End, endOfCode } from '../ends.ts';
import { InterruptedError, UsageError, codeOf, fromSystemError, wordsOf } from '../errors.ts';
import type { JudgedCell, RunResult } from '../matrix/judged-cell.ts';
import { readInput } from '../process/read-input.ts';
import { judgeFolder } from './judge-folder.ts';
import { CLAIM } from './results-folder.ts';

/** A folder of a cell that cannot be judged: sub1m was killed before the cell ended, or a file is not what it must be. */
interface NotJudged {
  readonly folder: string;
  readonly why: string;
  readonly end: End;
}

/** A run that was judged again. */
export interface JudgedRun extends RunResult {
  readonly notJudged: readonly NotJudged[];
}

/**
 * Judges the bundles of a run again, or of one cell, from their evidence alone: no machine is started. What cannot be
 * judged keeps nothing else from it. Throws `UsageError` if the folder holds no bundle, `FormatError` for a single cell
 * that cannot be judged.
 */
export async function judgeRun(results: string, signal: AbortSignal): Promise<JudgedRun> {
  const startedAt = performance.now();
  const folder = resolve(results);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const isCell = entries.some(({ name }) => name === 'cell.json');
  const cells: JudgedCell[] = [];
  const notJudged: NotJudged[] = [];
  for (const cell of isCell ? [folder] : await cellFolders(folder, entries)) {
    try {
      cells.push(await judgeCell(cell, signal));
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

async function judgeCell(folder: string, signal: AbortSignal): Promise<JudgedCell> {
  if (signal.aborted) {
    throw new InterruptedError('Interrupted before it was judged', { cause: signal.reason });
  }
  if (!existsSync(join(folder, 'cell.json'))) {
    throw new UsageError(
      'It has no cell.json: sub1m was killed before the cell ended; run the cell again',
    );
  }
  try {
    return await judgeFolder(folder, signal);
  } catch (error) {
    throw fromSystemError(error, `judge ${folder}`);
  }
}

/** Whatever is wrong with a folder in a run is nothing that the user named. */
function notJudgedFor(folder: string, error: unknown): NotJudged {
  const end = endOfCode(codeOf(error));
  const isAnswer = end === 'bug' || end === 'host' || end === 'interrupted';
  return { folder, why: wordsOf(error), end: isAnswer ? end : 'unjudged' };
}

/** The folders of a run's cells, in the order of the run's report if there is one. */
async function cellFolders(folder: string, entries: readonly Dirent[]): Promise<string[]> {
  const cells = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const isRun =
    entries.some(({ name }) => name === CLAIM) ||
    cells.some((name) => existsSync(join(folder, name, 'cell.json')));
  if (!isRun || cells.length === 0) {
    throw new UsageError(
      `Cannot judge ${folder}: expected the folder of a run or a cell; they are under results/`,
    );
  }
  const order = await reportedOrder(folder);
  const place = (id: string): number => (order.includes(id) ? order.indexOf(id) : order.length);
  return cells
    .toSorted()
    .toSorted((a, b) => place(a) - place(b))
    .map((id) => join(folder, id));
}

const runSchema = z.object({ cells: z.array(z.object({ id: z.string() })) });

/** The ids of the cells in `run.json`; a run that was cut short has none. */
async function reportedOrder(folder: string): Promise<string[]> {
  try {
    const text = await readInput(join(folder, 'run.json'), { missing: (why) => why });
    const { cells } = runSchema.parse(JSON.parse(text));
    return cells.map(({ id }) => id);
  } catch {
    return [];
  }
}
