// SPDX-License-Identifier: MIT
import { basename, join, relative } from 'node:path';
import { FormatError } from '../../errors.ts';
import type { SourceRun } from '../../matrix/merged-run.ts';
import type { PlannedRun } from '../../matrix/planned-run.ts';
import { HeldFolder } from '../../process/held-folder.ts';
import { readRunPlan } from '../../report/schema/run-plan-schema.ts';
import { judgeOnly } from '../judge-folder.ts';
import { type JudgedRun, judgeRun } from '../judge-run.ts';
import { PLAN, PLAN_BYTES } from '../results-folder.ts';
import type { FoundRun } from './find-runs.ts';

/** A run that was read, and what of it could not be. */
export interface ReadRun {
  readonly run: SourceRun;
  readonly notJudged: JudgedRun['notJudged'];
}

/** Reads what a run was about to do; null if it did not write that down. Throws as `readRunPlan()` does. */
export function readPlan({ path, source }: FoundRun): PlannedRun | null {
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

/** Judges the bundles of a run from their evidence, and writes nothing to its folder. Throws as `judgeRun()` does. */
export async function readRun(
  { path, source }: FoundRun,
  plan: PlannedRun | null,
  signal: AbortSignal,
): Promise<ReadRun> {
  const judged = hasFolders(path) ? await judgeRun(path, signal, judgeOnly) : null;
  const shown = (folder: string): string => join(source, relative(path, folder));
  const notJudged = (judged?.notJudged ?? []).map(({ folder, why, end }) => {
    return { folder: shown(folder), why: why.replaceAll(path, source), end };
  });
  const cells = (judged?.cells ?? []).map((cell) => ({
    ...cell,
    folder: shown(cell.folder),
    ...(path !== source && { unpacked: cell.folder }),
  }));
  const unread = notJudged.map(({ folder, why }) => ({ cell: basename(folder), why }));
  return {
    run: { run: plan?.run ?? basename(source), source, plan, cells, notJudged: unread },
    notJudged,
  };
}

/** A run that was killed before its first cell has none. */
function hasFolders(path: string): boolean {
  using folder = HeldFolder.open(path, { follow: true });
  return folder.has('cell.json') || folder.entries(10_000).some((entry) => !entry.isFile());
}
