// SPDX-License-Identifier: MIT
/** A source of two files that tests patch, and patches for it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { patchTree } from '../patch-tree.ts';

export const CHANGE = `Subject: [PATCH] change
--- a/mm/a.c
+++ b/mm/a.c
@@ -1,3 +1,3 @@
 one
-two
+zwei
 three
`;

export const ADD = `--- /dev/null
+++ b/mm/new/b.c
@@ -0,0 +1 @@
+new
`;

/** A source as `patchTree` takes it. */
export interface PatchedSource {
  readonly folder: string;
  readonly tree: string;
}

/** Makes the source below an empty folder. */
export async function makePatchedSource(folder: string): Promise<PatchedSource> {
  const tree = join(folder, 'tree');
  await mkdir(join(tree, 'mm'), { recursive: true });
  await writeFile(join(tree, 'mm/a.c'), 'one\ntwo\nthree\n');
  await writeFile(join(tree, 'mm/old.c'), 'old\n');
  return { folder, tree };
}

/** Applies patches, each from a file of its own beside the tree. */
export async function applyTo(source: PatchedSource, patches: readonly string[]): Promise<void> {
  const paths = patches.map((_, i) => join(source.folder, `000${i + 1}.patch`));
  for (const [i, path] of paths.entries()) await writeFile(path, patches[i] ?? '');
  await patchTree(source, paths, new AbortController().signal);
}

/** What a file of the source holds. */
export function readFrom({ tree }: PatchedSource, path: string): Promise<string> {
  return readFile(join(tree, path), 'utf8');
}
