// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { JudgedCell, RunResult } from '../matrix/judged-cell.ts';
import { readInput } from '../process/read-input.ts';
import { judgeFolder } from './judge-folder.ts';

/**
 * Judges the bundles of a run again, or of one cell, from their evidence alone: no machine is started. Throws
 * `UsageError` if the folder holds no bundle.
 */
export async function judgeRun(results: string, signal: AbortSignal): Promise<RunResult> {
  const startedAt = performance.now();
  const folder = resolve(results);
  const cells: JudgedCell[] = [];
  for (const cell of await cellFolders(folder)) cells.push(await judgeFolder(cell, signal));
  return {
    id: basename(folder),
    folder,
    startedAt: cells.map(({ record }) => record.startedAt).toSorted()[0] ?? '',
    seconds: (performance.now() - startedAt) / 1000,
    cells,
  };
}

/** The folders of cells: the named one, or those in it, in the order of the run's report if there is one. */
async function cellFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  if (entries.some(({ name }) => name === 'cell.json')) return [folder];
  const cells = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (cells.length === 0) {
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
