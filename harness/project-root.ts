// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of our package.json: a checkout, or the installed package. */
const ROOT = findRoot(import.meta.dirname);

/** Whether this is the program that `scripts/build.mjs` made in `dist/`, not TypeScript. */
export const IS_COMPILED = import.meta.filename.endsWith('.js');

/** A checkout has the sources; an installed package has only what they were compiled to. */
export const IS_CHECKOUT = existsSync(join(ROOT, 'harness'));

/** A file or folder that comes with sub1m, by its path from the root: `images/layouts`. */
export function projectPath(path: string): string {
  return join(ROOT, path);
}

/** How far below the root a file lies differs between `harness/` and `dist/`. */
function findRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`No package.json above ${import.meta.dirname}`);
  return findRoot(parent);
}
