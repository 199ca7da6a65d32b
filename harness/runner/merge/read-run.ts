// SPDX-License-Identifier: MIT
import { basename, join, relative } from 'node:path';
import type { SourceRun } from '../../matrix/merged-run.ts';
import type { PlannedRun } from '../../matrix/planned-run.ts';
import { HeldFolder } from '../../process/held-folder.ts';
import { judgeOnly } from '../judge-folder.ts';
import { type JudgedRun, judgeRun } from '../judge-run.ts';
import type { FoundRun } from './find-runs.ts';

/** A run that was read, and what of it could not be. */
export interface ReadRun {
  readonly run: SourceRun;
  readonly notJudged: JudgedRun['notJudged'];
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
