// SPDX-License-Identifier: MIT
/** Builds packages for tests. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from '../../process/owned-process.ts';

interface DebContent {
  readonly name: string;
  readonly version: string;
  readonly depends?: string;
  /** Files by their path in the package. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** Builds a package in `folder` from a tree that it leaves there, in a folder of the package's name; gives its path. */
export async function buildDeb(
  folder: string,
  { name, version, depends, files = {} }: DebContent,
): Promise<string> {
  const tree = join(folder, name);
  const about = 'Architecture: amd64\nMaintainer: a <a@b>\nDescription: a\n';
  const control = `Package: ${name}\nVersion: ${version}\n${about}`;
  const all = {
    ...files,
    'DEBIAN/control': depends === undefined ? control : `${control}Depends: ${depends}\n`,
  };
  for (const [path, content] of Object.entries(all)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), content);
  }
  const deb = join(folder, `${name}_${version}_amd64.deb`);
  const { signal } = new AbortController();
  await runCommand(['dpkg-deb', '-Znone', '--build', tree, deb], { signal });
  return deb;
}
