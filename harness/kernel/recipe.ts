// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import { parseJsonFile } from '../json-file.ts';
import { readInput } from '../process/read-input.ts';
import { projectPath } from '../project-root.ts';

/** How a kernel is made from source; every path is absolute. */
export interface Recipe {
  readonly name: string;
  readonly source: RecipeSource;
  /** Patch files in the order in which they apply. */
  readonly patches: readonly string[];
  /** Config fragments; later ones win. */
  readonly config: readonly string[];
  /** Config fragments on top of these, each of which must take effect. */
  readonly changes: readonly string[];
  /** The id of the policy that the kernel follows; null to find out. */
  readonly policy: string | null;
}

/** Where a recipe's source comes from: a package, in one version or the newest, or the user's tree. */
type RecipeSource =
  | { readonly kind: 'package'; readonly name: string; readonly version: string | null }
  | { readonly kind: 'tree'; readonly path: string };

const RECIPES = projectPath('images/kernels');
const PATCHES = projectPath('images/patches');
const CHANGES = projectPath('images/config/zoo');

/** What a name of a fragment begins with, and what its file ends in. */
const CHANGE_PREFIX = 'config/';
const CHANGE_SUFFIX = '.config';

const DEBIAN = 'debian:';

/** Both are part of the name of a folder. */
const SOURCE = /^debian:linux-source-\d[\da-z.+-]*$/;
const VERSION = /^\d[\w.+:~-]*$/;

const NO_PATCHES_ON_TREE = "sub1m does not write into a user's tree; apply patches there yourself";

const recipeSchema = z
  .strictObject({
    schema: z.literal(1),
    source: z.string().min(1),
    version: z
      .string()
      .regex(VERSION, 'expected a version of Debian, such as 6.12.117-1')
      .exactOptional(),
    patches: z.array(z.string().min(1)).default([]),
    config: z.array(z.string().min(1)).min(1),
    policy: z.string().min(1).exactOptional(),
  })
  .refine(({ source }) => !source.startsWith(DEBIAN) || SOURCE.test(source), {
    path: ['source'],
    message: 'expected debian:linux-source-<version> or the path of a tree',
  })
  .refine(({ source, version }) => source.startsWith(DEBIAN) || version === undefined, {
    path: ['version'],
    message: 'only a package has a version',
  })
  .refine(({ source, patches }) => source.startsWith(DEBIAN) || patches.length === 0, {
    path: ['patches'],
    message: NO_PATCHES_ON_TREE,
  });

/**
 * Reads a recipe, with more on top of its own: `two-phase-6.12`, `mine.json`, `plain-6.12+my.patch`,
 * `two-phase-6.12+config/no-kaslr+faults/page-0-released`. A recipe is a name under `images/kernels/` or the path of a
 * JSON file, and paths in it are relative to it; a patch is a path or a name under `images/patches/`, a file or a
 * folder of them; a config fragment is a path that ends in `.config`, or `config/` and a name under
 * `images/config/zoo/`. Throws `UsageError` if it or one of its files does not exist, `FormatError` naming the field at
 * fault.
 */
export async function readRecipe(reference: string): Promise<Recipe> {
  const [nameOrPath = '', ...more] = reference.split('+');
  const recipe = await readOneRecipe(nameOrPath);
  const changes = await Promise.all(more.filter(isChange).map((it) => changeFile(it, reference)));
  const added = more.filter((it) => !isChange(it));
  const lists = await Promise.all(added.map((it) => patchFiles(morePatches(it), reference)));
  const patches = [...recipe.patches, ...lists.flat()];
  if (recipe.source.kind === 'tree' && patches.length > 0) {
    throw new UsageError(`Cannot use recipe ${reference}: ${NO_PATCHES_ON_TREE}`);
  }
  return { ...recipe, name: [recipe.name, ...more].join('+'), patches, changes };
}

/** The names of the config fragments that `+config/<name>` puts on a recipe. */
export async function changeNames(): Promise<string[]> {
  const files = (await readdir(CHANGES)).filter((file) => file.endsWith(CHANGE_SUFFIX));
  return files.map((file) => `${CHANGE_PREFIX}${basename(file, CHANGE_SUFFIX)}`).toSorted();
}

/** Whether what follows a `+` is a config fragment, and no patch. */
function isChange(nameOrPath: string): boolean {
  return nameOrPath.startsWith(CHANGE_PREFIX) || nameOrPath.endsWith(CHANGE_SUFFIX);
}

async function changeFile(nameOrPath: string, recipe: string): Promise<string> {
  const inZoo = join(CHANGES, `${nameOrPath.slice(CHANGE_PREFIX.length)}${CHANGE_SUFFIX}`);
  const isName = nameOrPath.startsWith(CHANGE_PREFIX) && !nameOrPath.endsWith(CHANGE_SUFFIX);
  const path = isName ? inZoo : resolve(nameOrPath);
  if (existsSync(path)) return path;
  throw new UsageError(
    `Cannot use recipe ${recipe}: there is no config fragment ${nameOrPath}; ` +
      `give the path of a *.config, or one of ${(await changeNames()).join(', ')}`,
  );
}

/** Where the patches after a `+` are. */
function morePatches(nameOrPath: string): string {
  const places = [nameOrPath, join(PATCHES, nameOrPath), join(PATCHES, `${nameOrPath}.patch`)];
  return resolve(places.find((place) => existsSync(place)) ?? nameOrPath);
}

async function readOneRecipe(nameOrPath: string): Promise<Recipe> {
  const path = nameOrPath.endsWith('.json')
    ? resolve(nameOrPath)
    : join(RECIPES, `${nameOrPath}.json`);
  const name = basename(path, '.json');
  const { source, version, patches, config, policy } = parseRecipe(
    await readRecipeText(path, nameOrPath),
    path,
  );
  const folder = dirname(path);
  const absolute = (file: string): string => resolve(folder, file);
  const lists = await Promise.all(patches.map(absolute).map((it) => patchFiles(it, name)));
  return {
    name,
    source: source.startsWith(DEBIAN)
      ? { kind: 'package', name: source.slice(DEBIAN.length), version: version ?? null }
      : { kind: 'tree', path: absolute(source) },
    patches: lists.flat(),
    config: config.map(absolute),
    changes: [],
    policy: policy ?? null,
  };
}

/** Parses the text of a recipe file. Throws `FormatError` naming the field at fault. */
export function parseRecipe(text: string, path: string): z.infer<typeof recipeSchema> {
  const advice = 'compare images/kernels/plain-6.12.json';
  return parseJsonFile(text, path, { name: 'recipe', schema: recipeSchema, advice });
}

async function readRecipeText(path: string, nameOrPath: string): Promise<string> {
  const missing = async (): Promise<string> => {
    const names = (await readdir(RECIPES)).map((name) => name.replace(/\.json$/, '')).toSorted();
    return (
      `Cannot find the recipe ${nameOrPath}: no such file; ` +
      `give the path of a JSON file, or one of ${names.join(', ')}`
    );
  };
  return readInput(path, { missing });
}

/** A patch file, or those in a folder in the order of their names. */
async function patchFiles(path: string, recipe: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => name.endsWith('.patch')).toSorted();
    if (names.length > 0) return names.map((name) => join(path, name));
  } catch (error) {
    throw noPatches(path, recipe, { cause: error });
  }
  throw noPatches(path, recipe);
}

function noPatches(path: string, recipe: string, options?: ErrorOptions): UsageError {
  return new UsageError(
    `Cannot use recipe ${recipe}: expected a patch or a folder of *.patch at ${path}, found none`,
    options,
  );
}
