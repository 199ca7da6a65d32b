// SPDX-License-Identifier: MIT
import type { RunResult } from '../matrix/judged-cell.ts';
import { folderReporters, parseReporters, writeReports } from '../report/reporters.ts';
import type { CommandContext } from './command-context.ts';
import type { ReportOptions } from './run-options.ts';

/** Lines are no longer than this, in columns. */
const WIDTH_LIMIT = 100;

/**
 * Reads which reports are wanted, so that a wrong one is refused before any work; gives the function that writes
 * them once the run is over.
 */
export function reportRun(
  { json, reporter }: ReportOptions,
  { environment }: CommandContext,
): (run: RunResult) => Promise<void> {
  const wanted = parseReporters(json ? ['json', ...reporter] : reporter);
  const { colour, columns } = environment;
  return (run) => writeReports(run, wanted, { colour, width: Math.min(columns, WIDTH_LIMIT) });
}

/** Writes the reports that the folder of every run holds. */
export async function reportIntoFolder(run: RunResult): Promise<void> {
  await writeReports(run, folderReporters(run.folder), { colour: false, width: WIDTH_LIMIT });
}
