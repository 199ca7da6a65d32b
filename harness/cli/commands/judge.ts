// SPDX-License-Identifier: MIT
import { readFile, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import { type JudgedCell, summary } from '../../matrix/judged-cell.ts';
import type { CommandContext } from '../command-context.ts';
import { exitCode } from '../exit-code.ts';
import { judgeFolder } from '../../runner/judge-folder.ts';
import { reportRun } from '../report-run.ts';
import { type ReportOptions, addReportOptions } from '../run-options.ts';

/** `sub1m judge <results>`: judges bundles again, from their evidence alone. */
export function addJudge(program: Command, context: CommandContext): void {
  const command = program
    .command('judge')
    .description('judge the bundles of a run again; no machine is started')
    .argument('<results>', "a run's folder, or one cell's")
    .addHelpText('after', '\nExample: sub1m judge results/2026-11-22T13-47-07-4711 --json');
  addReportOptions(command);
  command.action(async (results: string, options: ReportOptions) => {
    const report = reportRun(options, context);
    const startedAt = performance.now();
    const folder = resolve(results);
    const judged: JudgedCell[] = [];
    for (const cell of await cellFolders(folder))
      judged.push(await judgeFolder(cell, context.signal));
    await report({
      id: basename(folder),
      folder,
      startedAt: judged.map(({ record }) => record.startedAt).toSorted()[0] ?? '',
      seconds: (performance.now() - startedAt) / 1000,
      cells: judged,
    });
    context.exit(exitCode(summary(judged)));
  });
}

/** The folders of cells: the named one, or those in it, in the order of the run's report if there is one. */
async function cellFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  if (entries.some(({ name }) => name === 'cell.json')) return [folder];
  const cells = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const order = await reportedOrder(folder);
  const place = (id: string): number => (order.includes(id) ? order.indexOf(id) : order.length);
  if (cells.length > 0) {
    return cells
      .toSorted()
      .toSorted((a, b) => place(a) - place(b))
      .map((id) => join(folder, id));
  }
  throw new UsageError(
    `Cannot judge ${folder}: the folder of a run or a cell wanted; they lie under results/`,
  );
}

const runSchema = z.object({ cells: z.array(z.object({ id: z.string() })) });

/** The ids of the cells in `run.json`; a run that was cut short has none. */
async function reportedOrder(folder: string): Promise<string[]> {
  try {
    const { cells } = runSchema.parse(JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')));
    return cells.map(({ id }) => id);
  } catch {
    return [];
  }
}
