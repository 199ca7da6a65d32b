// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { silentLog } from '../log.ts';
import { projectPath } from '../project-root.ts';
import { packageContext } from '../runner/package-context.ts';
import type { RunnerEnvironment } from '../runner/runner-context.ts';
import type { CompletionList } from './completion.ts';

const LISTS: Readonly<
  Record<CompletionList, (environment: RunnerEnvironment) => Promise<readonly string[]>>
> = {
  kernels: knownKernels,
  layouts: () => namesIn('images/layouts'),
  matrices: () => namesIn('images/matrices'),
  recipes,
};

/** The entries of a list, without downloading anything; none for an unknown list. */
export async function completionList(
  name: string,
  environment: RunnerEnvironment,
): Promise<readonly string[]> {
  return Object.hasOwn(LISTS, name) ? LISTS[name as CompletionList](environment) : [];
}

/** Recipes, the series in the cached package lists, and each kernel in the cache. */
async function knownKernels(environment: RunnerEnvironment): Promise<string[]> {
  const { listKernels } = await import('../kernel/list-kernels.ts');
  // Takes cached package lists of any age; the aborted signal keeps it from fetching new ones.
  const context = packageContext({}, { environment, signal: AbortSignal.abort(), log: silentLog });
  const listed = await listKernels(context, Infinity).catch(() => []);
  const cached = listed.filter((kernel) => kernel.cached).map(({ ref }) => ref);
  const series = listed.flatMap(({ ref }) => /^debian:\d+\.\d+/.exec(ref) ?? []);
  const newest = listed.length > 0 ? ['debian:newest'] : [];
  return [...(await recipes()), ...new Set([...newest, ...series, ...cached])];
}

async function recipes(): Promise<string[]> {
  return (await namesIn('images/kernels')).map((name) => `recipe:${name}`);
}

async function namesIn(folder: string): Promise<string[]> {
  const files = await readdir(projectPath(folder));
  return files.map((file) => basename(file, '.json')).toSorted();
}
