// SPDX-License-Identifier: MIT
import { type Dirent, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { FormatError, UsageError } from '../errors.ts';
import type { JudgedCell, RunResult } from '../matrix/judged-cell.ts';
import { HeldFolder } from '../process/held-folder.ts';
import { judgeFolder } from './judge-folder.ts';

/** Files and folders of a run. */
const ENTRIES_LIMIT = 10_000;

/** Characters of what is judged, as JSON: a cell has 100,000. */
const RUN_LIMIT = 512 * 1024 * 1024;

/** Bytes of `run.json`, of which only the order of the cells is read. */
const ORDER_LIMIT = 64 * 1024 * 1024;

/**
 * Judges the bundles of a run again, or of one cell, from their evidence alone: no machine is started. Throws
 * `UsageError` if the folder holds no bundle.
 */
export async function judgeRun(results: string, signal: AbortSignal): Promise<RunResult> {
  const startedAt = performance.now();
  const folder = resolve(results);
  const cells: JudgedCell[] = [];
  let characters = 0;
  for (const cell of cellFolders(folder)) {
    const judged = keptAlone(await judgeFolder(cell, signal));
    characters += JSON.stringify(judged).length;
    if (characters > RUN_LIMIT) throw tooMuch(folder);
    cells.push(judged);
  }
  return {
    id: basename(folder),
    folder,
    startedAt: cells.map(({ record }) => record.startedAt).toSorted()[0] ?? '',
    seconds: (performance.now() - startedAt) / 1000,
    cells,
  };
}

/** What was judged, without the evidence: a string that was cut out of a file keeps all of it in memory. */
function keptAlone(cell: JudgedCell): JudgedCell {
  return structuredClone(cell);
}

function tooMuch(path: string): FormatError {
  return new FormatError(
    `Cannot judge ${path}: expected at most ${RUN_LIMIT} characters of judgements, found more; judge its cells one by one`,
  );
}

/** The folders of cells: the named one, or those in it, in the order of the run's report if there is one. */
function cellFolders(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw noRun(path);
  // The folder that a user names may be a link of the user's; in it there is none.
  using folder = HeldFolder.open(path, { follow: true });
  if (folder.has('cell.json')) return [path];
  const entries = folder.entries(ENTRIES_LIMIT);
  const cells = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  requireNoLink(path, entries);
  if (cells.length === 0) throw noRun(path);
  const order = new Map(reportedOrder(folder).map((id, place) => [id, place]));
  const place = (id: string): number => order.get(id) ?? order.size;
  return cells
    .toSorted()
    .toSorted((a, b) => place(a) - place(b))
    .map((id) => join(path, id));
}

/** A cell that is somewhere else would be left out, and nobody would know. */
function requireNoLink(path: string, entries: readonly Dirent[]): void {
  const link = entries.find((entry) => entry.isSymbolicLink());
  if (!link) return;
  throw new FormatError(
    `Cannot read ${join(path, link.name)}: expected no symbolic link in a run; put what it leads to in its place`,
  );
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
