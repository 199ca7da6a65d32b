// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import type { Unread } from '../../matrix/merged-run.ts';
import { HeldFolder } from '../../process/held-folder.ts';
import { CLAIM, PLAN } from '../results-folder.ts';

/** Folders in a folder, and how deep runs may lie: CI puts each shard's results into folders of its own. */
const ENTRIES_LIMIT = 10_000;
const DEPTH_LIMIT = 4;

/** The folder of a run. */
export interface FoundRun {
  /** Where it is. */
  readonly path: string;
  /** As reports name it: it may have been unpacked from an archive. */
  readonly source: string;
}

/** The runs in a folder that a user names, which may be one itself; no link in it is followed. */
export function findRuns({ path, source }: FoundRun): {
  readonly runs: FoundRun[];
  readonly unread: Unread[];
} {
  using folder = HeldFolder.open(path, { follow: true });
  return runsIn({ folder, path, source }, DEPTH_LIMIT);
}

interface Looking extends FoundRun {
  readonly folder: HeldFolder;
}

function runsIn({ folder, path, source }: Looking, depth: number): ReturnType<typeof findRuns> {
  const entries = folder.entries(ENTRIES_LIMIT).toSorted(byName);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const isRun =
    entries.some(({ name }) => [PLAN, CLAIM, 'cell.json'].includes(name)) ||
    folders.some((name) => isCell(folder, name));
  if (isRun) return { runs: [{ path, source }], unread: [] };
  const links = entries.filter((entry) => entry.isSymbolicLink());
  const unread = links.map(({ name }) => ({
    source: join(source, name),
    why: 'expected a folder, found a symbolic link; put what it leads to in its place',
  }));
  const below =
    depth === 0 ? [] : folders.map((name) => runsBelow({ folder, path, source }, name, depth));
  return {
    runs: below.flatMap(({ runs }) => runs),
    unread: [...unread, ...below.flatMap((one) => one.unread)],
  };
}

function runsBelow(above: Looking, name: string, depth: number): ReturnType<typeof findRuns> {
  using folder = above.folder.folder(name);
  if (!folder) return { runs: [], unread: [] };
  const [path, source] = [join(above.path, name), join(above.source, name)];
  return runsIn({ folder, path, source }, depth - 1);
}

function isCell(run: HeldFolder, name: string): boolean {
  using folder = run.folder(name);
  return folder?.has('cell.json') ?? false;
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}
