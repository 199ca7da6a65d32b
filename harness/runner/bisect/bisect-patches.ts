// SPDX-License-Identifier: MIT
import { mkdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Change } from '../../bisect/answers.ts';
import { listRange } from '../../bisect/linear-search.ts';
import { UsageError } from '../../errors.ts';
import { readPatch } from '../../kernel/patch-text.ts';
import { type Recipe, readRecipe } from '../../kernel/recipe.ts';
import { sha256, sha256File } from '../../process/file-hash.ts';
import { replaceFile } from '../../process/replace-file.ts';
import type { NamedRange, RangeOptions } from './bisect-range-options.ts';

/**
 * The kernels of a recipe with none, one, two, … of its patches; `folder` is kept from run to run. Throws `UsageError` if
 * there are no patches.
 */
export async function patchRange(
  { patches, on, recipe, find }: RangeOptions,
  folder: string,
): Promise<NamedRange> {
  const { base, whole, first } =
    recipe === undefined
      ? await patchesOn(patches ?? [], on)
      : await patchesOf(nameOfRecipe(recipe), folder);
  const added = whole.patches.slice(first);
  const odd = added.find((patch) => patch.includes('+'));
  if (odd !== undefined) {
    throw new UsageError(`Cannot bisect ${odd}: expected a path without "+"; rename the file`);
  }
  if (added.length < 1) throw new UsageError(`Cannot bisect ${whole.name}: it has no patches`);
  const changes = await changesOf(base, added);
  const files = [...whole.patches, ...whole.config];
  const hashes = await Promise.all(files.map(sha256File));
  const content = [JSON.stringify(whole.source), String(first), ...hashes];
  return { range: listRange(changes), find: find ?? null, content };
}

/** The base, then what each patch makes of the kernel before it. */
async function changesOf(base: string, patches: readonly string[]): Promise<Change[]> {
  const subjects = await Promise.all(patches.map(subjectOf));
  const kernels = patches.map((_, index) => [base, ...patches.slice(0, index + 1)].join('+'));
  return [base, ...kernels].map((kernel, index) => ({
    id: index === 0 ? 'base' : `patch ${index}`,
    subject: subjects[index - 1] ?? 'no patch',
    kernel: `recipe:${kernel}`,
  }));
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
    throw new UsageError('Cannot bisect patches: name the recipe they are for, --on recipe:<name>');
  }
  const base = nameOfRecipe(on);
  const whole = await readRecipe([base, ...patches].join('+'));
  return { base, whole, first: (await readRecipe(base)).patches.length };
}

/** All patches of a recipe, on a recipe of the same source without patches and without a promised policy. */
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

/** The name behind `recipe:`; a path is made absolute. */
function nameOfRecipe(reference: string): string {
  const name = reference.replace(/^recipe:/, '');
  return name.endsWith('.json') ? resolve(name) : name;
}

/** The subject of a patch in the form of a mail, else its file's name. */
async function subjectOf(patch: string): Promise<string> {
  const text = await readPatch(patch);
  const [, subject] = /^Subject: (?:\[[^\]]*\] )?(.+(?:\n[ \t].+)*)/m.exec(text) ?? [];
  return subject?.replaceAll(/\s+/g, ' ') ?? basename(patch);
}
