// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { copyFile, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildError, UsageError } from '../errors.ts';
import { counted } from '../memory/counted.ts';
import type { PackageContext } from '../package/package-lists.ts';
import { noteUse } from '../process/cache-use.ts';
import { cachedFolder, isReady } from '../process/cache.ts';
import { sha256, sha256File } from '../process/file-hash.ts';
import { FileLock } from '../process/file-lock.ts';
import { runCommand } from '../process/owned-process.ts';
import { projectPath } from '../project-root.ts';
import { type Toolchain, findToolchain, requireBuildTools } from './build-tools.ts';
import {
  type GitTree,
  checkOut,
  filteredFiles,
  findGitTree,
  renderRevision,
  requireFiles,
} from './git-tree.ts';
import { readKernelImage } from './kernel-image.ts';
import { countingArguments, keepNotes } from './counted-files.ts';
import { type KernelConfig, fragments, requireChanges, wholeConfig } from './kernel-config.ts';
import { hidingOptions, missingOptions } from './needed-options.ts';
import { inObjectFolder, isUndisturbed } from './object-folder.ts';
import { patchTree } from './patch-tree.ts';
import { type Recipe, readRecipe } from './recipe.ts';
import { type Build, runMake } from './run-make.ts';
import { findSource, isKernelTree, requireCleanTree, requireSource } from './source-tree.ts';

/** A kernel that was built from source. */
export interface BuiltKernel {
  /** Path of the bzImage, in the cache: a later build does not change it. */
  readonly image: string;
  /** The id of the policy that its recipe names, if any. */
  readonly policy: string | null;
}

/** Whose config a tree is built with: sub1m's, or the file of this path. */
export type ConfigChoice =
  | { readonly kind: 'ours' }
  | { readonly kind: 'file'; readonly path: string };

/** Part of the key of builds: bump it when the same source and config must give another image. */
const BUILD_VERSION = 1;

/** The config of kernels that are built for no recipe. */
export const OUR_CONFIG = projectPath('images/config/sub1m.config');

/**
 * The kernel of a recipe, built if it is not in the cache. Throws like `readRecipe`, `findSource`, `patchTree`,
 * and `runMake`.
 */
export async function buildRecipe(
  nameOrPath: string,
  context: PackageContext,
): Promise<BuiltKernel> {
  const recipe = await readRecipe(nameOrPath);
  const { source, policy } = recipe;
  if (source.kind === 'tree') {
    requireKernelTree(source.path);
    const config = await fragments(recipe.config, recipe.changes);
    return { image: await buildInTree(source.path, config, context), policy };
  }
  return { image: await buildPackage(recipe, source, context), policy };
}

/** The kernel of a user's tree, recompiled where the tree has changed; the tree itself is not touched. */
export async function buildTree(
  tree: string,
  choice: ConfigChoice,
  context: PackageContext,
): Promise<BuiltKernel> {
  requireKernelTree(tree);
  const config =
    choice.kind === 'ours'
      ? await fragments([OUR_CONFIG])
      : await wholeConfig(choice.path, context.signal);
  return { image: await buildInTree(tree, config, context), policy: null };
}

/**
 * The kernel of a revision of a tree, such as `HEAD~1` or the id of uncommitted files, built if it
 * is not in the cache.
 */
export async function buildRevision(
  { tree: path, revision }: { readonly tree: string; readonly revision: string },
  context: PackageContext,
): Promise<BuiltKernel> {
  const { signal, log } = context;
  const tree = await findGitTree(path, context);
  if (tree === undefined) {
    throw new UsageError(`Cannot build ${revision} of ${path}: expected a git tree, found none`);
  }
  await requireBuildTools();
  const files = await requireFiles(tree, revision, signal);
  const config = await fragments([OUR_CONFIG]);
  const toolchain = await findToolchain(config, signal);
  const folder = buildFolder([files, sha256(config.text)], toolchain, context);
  const options = { ...context, adopt: adoptBuild };
  if (!(await isReady(folder, options))) {
    const name = renderRevision(tree, revision);
    // All revisions of a tree share a folder and its objects: each build compiles only what differs.
    await using lock = await lockBuild(`${tree.folder}.lock`, name, context);
    const objects = join(tree.folder, `built-${sha256(config.text).slice(0, 16)}`);
    const make = async (unfinished: string): Promise<void> => {
      const sources = await checkOut(tree, files, context);
      await warnOfFilters(tree, context);
      const { descriptor } = lock;
      const build = { name, tree: sources, objects, toolchain, lock: descriptor, signal, log };
      await copyFile(await makeImage(build, config), join(unfinished, 'bzImage'));
    };
    await cachedFolder(folder, make, options);
  }
  return { image: join(folder, 'bzImage'), policy: null };
}

/** A filter changes what is in a file: without it another kernel is built. */
async function warnOfFilters(tree: GitTree, { signal, log }: PackageContext): Promise<void> {
  for (const [filter, paths] of await filteredFiles(tree, signal)) {
    const [path = ''] = paths;
    log.warn(
      `the filter "${filter}" of git's configuration is not run: the build has ` +
        `${counted(paths.length, 'file')} of ${tree.top} as git stores them, such as ${path}`,
    );
  }
}

async function buildPackage(
  recipe: Recipe,
  { name, version }: { readonly name: string; readonly version: string | null },
  context: PackageContext,
): Promise<string> {
  const { signal, log } = context;
  const found = await findSource(name, version, context);
  const config = await fragments(recipe.config, recipe.changes);
  await requireBuildTools(config);
  const toolchain = await findToolchain(config, signal);
  const patches = await Promise.all(recipe.patches.map(sha256File));
  const parts = [found.sha256, ...patches, sha256(config.text)];
  const folder = buildFolder(parts, toolchain, context);
  const options = { ...context, adopt: adoptBuild };
  if (!(await isReady(folder, options))) {
    const source = await requireSource(found, context);
    const label = `recipe:${recipe.name}`;
    // All recipes of a source share its tree and its objects: each build compiles only what differs.
    await using lock = await lockBuild(`${source.folder}.lock`, label, context);
    const objectsOf = ({ text }: KernelConfig): string =>
      join(source.folder, `objects-${sha256(text).slice(0, 16)}`);
    const objects = objectsOf(config);
    const make = async (unfinished: string): Promise<void> => {
      await patchTree(source, recipe.patches, signal);
      if (config.unchanged) await startFrom(objectsOf(config.unchanged), objects, signal);
      const { descriptor } = lock;
      const { tree } = source;
      const build = { name: label, tree, objects, toolchain, lock: descriptor, signal, log };
      const image = join(unfinished, 'bzImage');
      await copyFile(await makeImage(build, config), image);
      await keepNotes(objects, image);
    };
    await cachedFolder(folder, make, options);
  }
  return join(folder, 'bzImage');
}

/** Adopts a build of an older sub1m whose image has the size that its header says. Throws like `readKernelImage`. */
async function adoptBuild(folder: string): Promise<null> {
  await readKernelImage(join(folder, 'bzImage'));
  return null;
}

/** The folder of the cache for what this compiler builds from a source and a config. */
function buildFolder(
  parts: readonly string[],
  { version }: Toolchain,
  { cacheDir }: PackageContext,
): string {
  const key = [BUILD_VERSION, ...parts, version];
  return join(cacheDir, 'builds', sha256(key.join('\n')));
}

/**
 * Begins a folder of objects as a copy of that of another config: kbuild then compiles only what depends on an option
 * that differs. The build of `tools/` records the folder's absolute path: it would compile objtool again, and kbuild
 * all that objtool has looked at.
 */
async function startFrom(other: string, objects: string, signal: AbortSignal): Promise<void> {
  await noteUse(other, signal);
  if (existsSync(objects) || !existsSync(other) || !(await isUndisturbed(other))) return;
  const unfinished = `${objects}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await runCommand(['cp', '-a', '--reflink=auto', other, unfinished], { signal });
  const moved = '[ ! -d "$1" ] || find "$1" -name ".*.cmd" -exec sed -i "s#$2#$3#g" {} +';
  const tools = join(unfinished, 'tools');
  await runCommand(['sh', '-c', moved, 'sh', tools, other, objects], { signal });
  await rename(unfinished, objects);
}

async function buildInTree(
  path: string,
  config: KernelConfig,
  context: PackageContext,
): Promise<string> {
  await requireBuildTools(config);
  const { cacheDir, signal, log } = context;
  const toolchain = await findToolchain(config, signal);
  const tree = await realpath(path);
  requireCleanTree(tree);
  const key = sha256([tree, config.target, config.text].join('\n'));
  const objects = join(cacheDir, 'objects', key);
  await using lock = await lockBuild(`${objects}.lock`, path, context);
  const { descriptor } = lock;
  const build = { name: path, tree, objects, toolchain, lock: descriptor, signal, log };
  const image = await makeImage(build, config);
  // Only the image shows what the tree was when it was compiled.
  const folder = await cachedFolder(
    join(cacheDir, 'builds', await sha256File(image)),
    async (unfinished) => {
      await copyFile(image, join(unfinished, 'bzImage'));
    },
    { ...context, adopt: adoptBuild },
  );
  return join(folder, 'bzImage');
}

/** Configures and compiles; gives the path of the image among the objects, where the next build replaces it. */
async function makeImage(build: Build, config: KernelConfig): Promise<string> {
  await noteUse(build.objects, build.signal);
  return inObjectFolder(build.objects, () => compile(build, config), build.log);
}

async function compile(build: Build, config: KernelConfig): Promise<string> {
  const { name, objects, log } = build;
  const before = config.unchanged && (await configure(build, config.unchanged));
  const after = await configure(build, config);
  if (before !== null) requireChanges(config, { name, before, after });
  const missing = missingOptions(after);
  if (missing.length > 0) {
    throw new BuildError(
      `Cannot build ${name}: its .config lacks options that must be built in: ` +
        `${missing.join(', ')}; set them to y, or build with sub1m's own config`,
    );
  }
  const hiding = hidingOptions(after);
  if (hiding.length > 0) log.info(`${name} will not show all: it lacks ${hiding.join(', ')}`);
  log.info(`building ${name}`);
  await runMake(build, [...countingArguments(after), 'bzImage']);
  const image = join(objects, 'arch/x86/boot/bzImage');
  if (existsSync(image)) return image;
  throw new BuildError(`Cannot build ${name}: make succeeded, but there is no ${image}`);
}

/** Makes kconfig complete a config, and gives what it has made of it. */
async function configure(build: Build, { text, target, base }: KernelConfig): Promise<string> {
  const { tree, objects } = build;
  const path = join(objects, '.config');
  if (target === 'allnoconfig') {
    const fragment = join(objects, 'sub1m.config');
    await writeFile(fragment, text);
    await runMake(build, [`KCONFIG_ALLCONFIG=${fragment}`, target]);
  } else {
    const below = base === null ? '' : await readFile(join(tree, 'arch/x86/configs', base), 'utf8');
    await writeFile(path, below + text);
    await runMake(build, [target]);
  }
  return readFile(path, 'utf8');
}

function requireKernelTree(path: string): void {
  if (isKernelTree(path)) return;
  throw new UsageError(
    `Cannot build ${path}: expected a kernel source (Makefile, Kbuild, arch/x86/, ` +
      'scripts/kconfig/), found none; name the top folder of the tree',
  );
}

function lockBuild(path: string, name: string, { signal, log }: PackageContext): Promise<FileLock> {
  const onWait = (): void => {
    log.info(`waiting for another sub1m, which is using the build folder of ${name}`);
  };
  return FileLock.acquire(path, { signal, onWait });
}
