// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PackageError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { sealFolder } from '../process/cache-seal.ts';
import { sha256 } from '../process/file-hash.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { requirePackageTree } from './package-tree.ts';

const OFFERED = [
  'bookworm dropbear-bin 2022.83-1+deb12u2',
  'bookworm-security dropbear-bin 2022.83-1+deb12u3',
  'trixie dropbear-bin 2025.88-2',
  'bookworm libc6 2.36-9+deb12u10',
  'trixie zlib1g 1:1.3',
];

let temp: TempDir;

beforeEach(async () => {
  temp = await makeTempDir();
  const packages = OFFERED.map((text) => {
    const [suite, name, version] = text.split(' ');
    return { name, version, suite, uri: '', bytes: 1, sha256: `${version}`, depends: '' };
  });
  await mkdir(join(temp.path, 'apt/host'), { recursive: true });
  await writeFile(
    join(temp.path, 'apt/host/packages-1.json'),
    JSON.stringify({ fetched: new Date().toISOString(), packages }),
  );
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

function require(names: readonly string[]): Promise<string> {
  const { signal } = new AbortController();
  const context = { cacheDir: temp.path, mirror: undefined, signal, log: silentLog };
  return requirePackageTree({ release: 'bookworm', names }, context);
}

it('takes the newest of a release, from the cache if it is there', async () => {
  const tree = join(temp.path, 'packages', sha256('2022.83-1+deb12u3\n2.36-9+deb12u10'));
  await mkdir(tree, { recursive: true });
  await sealFolder(tree);
  expect(await require(['dropbear-bin', 'libc6'])).toBe(tree);
});

it('names what the mirror lacks', async () => {
  await expect(require(['dropbear-bin', 'zlib1g'])).rejects.toThrow(
    new PackageError(
      'Cannot get the package zlib1g: the mirror has none of bookworm; name another with --mirror <url>',
    ),
  );
});
