// SPDX-License-Identifier: MIT
/** Small results folders, of bundles that real cells left. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CellRecord } from '../../../bundle/cell-record.ts';
import type { PlannedRun } from '../../../matrix/planned-run.ts';
import { runCommand } from '../../../process/owned-process.ts';
import { projectPath } from '../../../project-root.ts';
import { writePlan } from '../../results-folder.ts';

/** Bundles of `harness/testdata/`: what each says of its kernel. */
export const BUNDLES = {
  match: '5.10-off',
  other: '6.12.43-256m',
  mismatch: '5.10-4g',
  old: 'old-bundles/5.10-locked',
} as const;

/** Writes what a run leaves: its plan, and the bundles of cells by their names. */
export async function writeResults(
  folder: string,
  plan: PlannedRun | null,
  cells: Readonly<Record<string, keyof typeof BUNDLES>>,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  if (plan) await writePlan(folder, plan);
  for (const [id, bundle] of Object.entries(cells)) {
    await cp(projectPath(`harness/testdata/${BUNDLES[bundle]}`), join(folder, id), {
      recursive: true,
    });
    await changeRecord(join(folder, id), { id });
  }
  return folder;
}

/** Changes `cell.json` of a bundle. */
export async function changeRecord(cell: string, words: Partial<CellRecord>): Promise<void> {
  const path = join(cell, 'cell.json');
  const record = JSON.parse(await readFile(path, 'utf8')) as CellRecord;
  await writeFile(path, JSON.stringify({ ...record, ...words }));
}

/** Packs a folder as CI does: by the end of the archive's name. */
export async function pack(folder: string, archive: string): Promise<string> {
  const { signal } = new AbortController();
  await runCommand(['tar', '--auto-compress', '-cf', archive, '-C', folder, '.'], { signal });
  return archive;
}
