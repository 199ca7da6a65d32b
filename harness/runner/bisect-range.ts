// SPDX-License-Identifier: MIT
import { mkdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Change } from '../bisect/answers.ts';
import type { Find } from '../bisect/bisect.ts';
import { CommitRange } from '../bisect/git-bisect.ts';
import { type ChangeRange, listRange } from '../bisect/linear-search.ts';
import { UsageError } from '../errors.ts';
import { kernelsInRange } from '../kernel/kernel-range.ts';
import { listKernels } from '../kernel/list-kernels.ts';
import { OUR_CONFIG } from '../kernel/build-kernel.ts';
import { type Recipe, readRecipe } from '../kernel/recipe.ts';
import { isKernelTree } from '../kernel/source-tree.ts';
import { replaceFile } from '../process/replace-file.ts';
import { sha256, sha256File } from '../process/file-hash.ts';
import type { CommandContext } from '../cli/command-context.ts';
import { packageContext } from './package-context.ts';

/** The options that say what is searched. */
export interface RangeOptions {
  readonly packages?: string;
  readonly cached?: true;
  readonly tree?: string;
  readonly good?: string;
  readonly bad?: string;
  readonly patches?: readonly string[];
  readonly on?: string;
  readonly recipe?: string;
  readonly find?: Find;
  readonly mirror?: string;
}

/** A range, and what it is by content. */
export interface NamedRange {
  readonly range: ChangeRange;
  /** What is looked for; null to find out by the ends. */
  readonly find: Find | null;
  readonly content: readonly string[];
}

/** Where a search keeps what it needs on disk. */
interface RangeFolders {
  /** Kept from run to run. */
  readonly state: string;
  /** Gone when this run is over. */
  readonly temp: string;
}

/** The range that the options name. Throws `UsageError` if there is none. */
export async function requireRange(
  options: RangeOptions,
  folders: RangeFolders,
  context: CommandContext,
): Promise<NamedRange> {
  const { packages, tree, patches, recipe } = options;
  const named = [packages, tree, patches, recipe].filter((kind) => kind !== undefined);
  if (named.length !== 1) {
    throw new UsageError(
      `Cannot bisect ${named.length === 0 ? 'nothing' : 'several ranges at once'}: one of --packages, --tree, ` +
        '--patches and --recipe wanted',
    );
  }
  if (packages !== undefined) return packageRange(packages, options, context);
  if (tree !== undefined) return commitRange(tree, options, { folder: folders.temp, context });
  return patchRange(options, folders.state);
}

async function packageRange(
  range: string,
  options: RangeOptions,
  context: CommandContext,
): Promise<NamedRange> {
  const { cached, find } = options;
  const all = await listKernels(packageContext(options, context));
  const kernels = kernelsInRange(cached ? all.filter((kernel) => kernel.cached) : all, range);
  const changes = kernels.map(({ ref }) => ({ id: ref, subject: ref, kernel: ref }));
  return { range: listRange(changes), find: find ?? null, content: changes.map(({ id }) => id) };
}

async function commitRange(
  tree: string,
  { good, bad, find = 'break' }: RangeOptions,
  { folder, context }: { readonly folder: string; readonly context: CommandContext },
): Promise<NamedRange> {
  const { environment, signal, log } = context;
  if (good === undefined || bad === undefined) {
    throw new UsageError(
      `Cannot bisect ${tree}: two commits wanted, --good <commit> and --bad <commit>`,
    );
  }
  if (!isKernelTree(tree)) {
    throw new UsageError(`Cannot bisect ${tree}: the top folder of a kernel's source wanted`);
  }
  const { cacheDir } = environment;
  const commits = await CommitRange.open({ tree, good, bad, find }, { folder, cacheDir, signal });
  if (await commits.isDirty()) {
    log.warn(`${tree} has changes that no commit has: they are not in what is bisected`);
  }
  const content = [commits.old.kernel, commits.new.kernel, await sha256File(OUR_CONFIG)];
  return { range: commits, find, content };
}

/** The kernels of a recipe with none, one, two, … of its patches. */
async function patchRange(
  { patches, on, recipe, find }: RangeOptions,
  folder: string,
): Promise<NamedRange> {
  const { base, whole, first } =
    recipe === undefined
      ? await patchesOn(patches ?? [], on)
      : await patchesOf(nameOfRecipe(recipe), folder);
  const added = whole.patches.slice(first);
  const odd = added.find((patch) => patch.includes('+'));
  if (odd !== undefined) throw new UsageError(`Cannot bisect ${odd}: a path without "+" wanted`);
  if (added.length < 1) throw new UsageError(`Cannot bisect ${whole.name}: it has no patches`);
  const subjects = await Promise.all(added.map(subjectOf));
  const kernels = [
    base,
    ...added.map((_, index) => [base, ...added.slice(0, index + 1)].join('+')),
  ];
  const changes = kernels.map((kernel, index): Change => ({
    id: index === 0 ? 'base' : `patch ${index}`,
    subject: subjects[index - 1] ?? 'no patch',
    kernel: `recipe:${kernel}`,
  }));
  const files = [...whole.patches, ...whole.config];
  const hashes = await Promise.all(files.map(sha256File));
  const content = [JSON.stringify(whole.source), String(first), ...hashes];
  return { range: listRange(changes), find: find ?? null, content };
}

interface PatchList {
  /** The recipe that the first patch is applied on, as a reference. */
  readonly base: string;
  readonly whole: Recipe;
  /** How many patches of the whole recipe belong to the base. */
  readonly first: number;
}

async function patchesOn(patches: readonly string[], on: string | undefined): Promise<PatchList> {
  if (on === undefined) {
    throw new UsageError('Cannot bisect patches: what they are for wanted, --on recipe:<name>');
  }
  const base = nameOfRecipe(on);
  const whole = await readRecipe([base, ...patches].join('+'));
  return { base, whole, first: (await readRecipe(base)).patches.length };
}

/** All patches of a recipe, on a recipe of the same source without any, and without its promise of a policy. */
async function patchesOf(name: string, folder: string): Promise<PatchList> {
  const whole = await readRecipe(name);
  const { source, config } = whole;
  if (source.kind === 'tree') throw new UsageError(`Cannot bisect ${name}: it has no patches`);
  const version = source.version === null ? {} : { version: source.version };
  const text = JSON.stringify({ schema: 1, source: `debian:${source.name}`, ...version, config });
  const own = join(folder, `recipe-${sha256(text).slice(0, 16)}`);
  const base = join(own, `base-of-${basename(name, '.json').replaceAll('+', '-')}.json`);
  await mkdir(own, { recursive: true });
  await replaceFile(base, text);
  return { base, whole, first: 0 };
}

/** What stands behind `recipe:`, from whatever folder. */
function nameOfRecipe(reference: string): string {
  const name = reference.replace(/^recipe:/, '');
  return name.endsWith('.json') ? resolve(name) : name;
}

/** What a patch in the form of a mail says of itself, else its file's name. */
async function subjectOf(patch: string): Promise<string> {
  const text = await readFile(patch, 'utf8');
  const [, subject] = /^Subject: (?:\[[^\]]*\] )?(.+(?:\n[ \t].+)*)/m.exec(text) ?? [];
  return subject?.replaceAll(/\s+/g, ' ') ?? basename(patch);
}
