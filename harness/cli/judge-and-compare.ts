// SPDX-License-Identifier: MIT
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { type End, firstEnd } from '../ends.ts';
import { UsageError } from '../errors.ts';
import { readAllKnownDefects, readKnownDefects } from '../matrix/known-defects.ts';
import type { VerdictChange } from '../matrix/verdict-change.ts';
import { writeStdout } from '../report/screen.ts';
import {
  type ShownChanges,
  renderChanges,
  renderChangesDocument,
  renderRunAgain,
} from '../report/verdict-changes-report.ts';
import { type RunAgain, judgeChanges } from '../runner/judge-changes.ts';
import { notJudgedFor } from '../runner/judge-run.ts';
import type { CommandContext } from './command-context.ts';
import { screenStyle } from './report-run.ts';
import type { ReportOptions } from './run-options.ts';

interface CompareOptions extends ReportOptions {
  readonly known?: string;
}

/** Changes that are listed, and bundles that are named: of the rest it is told how many there are. */
const LISTED = 10_000;

/** Judges runs again, says which verdicts are not what is recorded, and sets the exit status. */
export async function judgeAndCompare(
  results: readonly string[],
  { json, reporter, known: file }: CompareOptions,
  context: CommandContext,
): Promise<void> {
  const [name] = reporter;
  if (name !== undefined) {
    throw new UsageError(
      `Cannot write --reporter ${name} of verdicts that changed: expected --json or nothing; judge one run for its reports`,
    );
  }
  const known = await (file === undefined ? readAllKnownDefects() : readKnownDefects(file));
  const runs: ShownChanges['runs'][number][] = [];
  const changes: ShownChanges['changes'][number][] = [];
  const ends = new Set<End>();
  for (const folder of foldersOf(results, context)) {
    const { changes: found, ...run } = await judgeOne(folder, known, context);
    for (const { folder: path, why } of run.notJudged) {
      context.log.warn(`not judged: ${path}: ${why}`);
    }
    for (const end of endsOf(run, found)) ends.add(end);
    runs.push({ ...run, changed: found.length });
    for (const change of found.slice(0, LISTED - changes.length)) changes.push([run.run, change]);
    if (!json) await writeStdout(renderRunAgain({ ...run, changes: found }));
    if (context.signal.aborted) break;
  }
  const shown = { runs, changes };
  await writeStdout(
    json ? renderChangesDocument(shown) : renderChanges(shown, screenStyle(context)),
  );
  context.exit(firstEnd([...ends]));
}

/** A glob of results/ also gives its README, the schemas, the history. */
function foldersOf(results: readonly string[], { log }: CommandContext): string[] {
  const isFolder = (path: string): boolean =>
    statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? true;
  const others = results.filter((path) => !isFolder(path));
  if (others.length === results.length) {
    throw new UsageError(
      `Cannot judge ${results.join(', ')}: expected the folders of runs or cells; they are under results/`,
    );
  }
  if (others.length > 0)
    log.info(`No folders, left out: ${others.map((path) => basename(path)).join(', ')}`);
  return results.filter(isFolder);
}

/** What is no run keeps nothing from the others. */
async function judgeOne(
  folder: string,
  known: Parameters<typeof judgeChanges>[1],
  { signal }: CommandContext,
): Promise<RunAgain> {
  try {
    return await judgeChanges(folder, known, signal);
  } catch (error) {
    return {
      run: basename(folder),
      folder,
      cells: 0,
      changes: [],
      unrecorded: [],
      removed: 0,
      notJudged: [notJudgedFor(folder, error)],
      seconds: 0,
    };
  }
}

/** It is the change that is judged: what was broken before, and is, ends nothing. */
function endsOf(
  { notJudged }: Pick<RunAgain, 'notJudged'>,
  changes: readonly VerdictChange[],
): End[] {
  return [
    ...(changes.some(({ isBroken }) => isBroken) ? (['broken'] as const) : []),
    ...(changes.some(({ isUnjudged }) => isUnjudged) ? (['unjudged'] as const) : []),
    ...notJudged.map(({ end }) => end),
  ];
}
