// SPDX-License-Identifier: MIT
/** What becomes of results folders that are merged. */
import type { End } from '../../../ends.ts';
import type { PlannedRun } from '../../../matrix/planned-run.ts';
import { plan } from '../../../matrix/testing/source-run-builder.ts';
import { codeVersion } from '../../code-version.ts';
import { type MergedFolders, mergeFolders } from '../merge-folders.ts';

const { signal } = new AbortController();

/** Which sub1m these runs are of: the one that merges them. */
export const sub1m = codeVersion();

/** The plan of a run of two cells. */
export const ALL = plan({ sub1m, planned: ['a', 'b'], chosen: ['a', 'b'] });

/** The plan of one of two shards, with a cell each. */
export function half(index: 1 | 2): PlannedRun {
  const chosen = ALL.planned.slice(index - 1, index);
  return { ...ALL, run: `half-${index}`, shard: `${index}/2`, chosen };
}

/** Merges what is in these folders and archives. */
export function merge(paths: readonly string[], isMixed = false): Promise<MergedFolders> {
  return mergeFolders(paths, { isMixed, signal });
}

/** What a merge says, in words. */
interface Told extends Record<'cells' | 'missing' | 'unread' | 'notes' | 'mixed', string[]> {
  readonly end: End;
}

/** What a merge says, without what its folders are called. */
export async function told(
  folder: string,
  paths: readonly string[],
  isMixed?: boolean,
): Promise<Told> {
  await using merged = await merge(paths, isMixed);
  const { run, end } = merged;
  const { merge: how, cells } = run;
  const plain = (words: string): string => words.replaceAll(folder, '{}');
  return {
    end,
    cells: cells.map(({ record, judgement }) => `${record.id}: ${judgement.verdict.kind}`),
    missing: how.missing.map(({ cell, why }) => plain(`${cell}: ${why}`)),
    unread: how.unread.map(({ source, why }) => plain(`${source}: ${why}`)),
    notes: how.notes.map(plain),
    mixed: how.mixed.map(plain),
  };
}

/** A merge of which there is nothing to tell. */
export const NOTHING = { missing: [], unread: [], notes: [], mixed: [] };
/** Its two cells. */
export const BOTH = ['a: match', 'b: match'];
