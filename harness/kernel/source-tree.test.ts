// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PackageError, UsageError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { buildDeb } from '../package/testing/deb-builder.ts';
import type { PackageContext } from '../package/package-lists.ts';
import { runCommand } from '../process/owned-process.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { writeKernelTree } from './testing/kernel-tree-builder.ts';
import { findSource, isKernelTree, requireSource, unpackSource } from './source-tree.ts';

const OFFERED = [
  'sid linux-source-7.2 7.2.13-1',
  'experimental linux-source-7.2 7.2.20-1~exp1',
  'trixie linux-source-6.12 6.12.107-1',
  'trixie linux-source-6.12 6.12.117-1',
];

let temp: TempDir;
let context: PackageContext;

beforeEach(async () => {
  temp = await makeTempDir();
  const { signal } = new AbortController();
  context = { cacheDir: temp.path, mirror: undefined, signal, log: silentLog };
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

async function fillLists(offered: readonly string[]): Promise<void> {
  const packages = offered.map((text) => {
    const [suite, name, version] = text.split(' ');
    const uri = `http://mirror.example/${name}`;
    return { name, version, suite, uri, bytes: 1, sha256: `${version} of ${suite}`, depends: '' };
  });
  await mkdir(join(temp.path, 'apt/host'), { recursive: true });
  await writeFile(
    join(temp.path, 'apt/host/packages-1.json'),
    JSON.stringify({ fetched: new Date().toISOString(), packages }),
  );
}

describe('requireSource()', () => {
  const source = { name: 'linux-source-5.4', version: '5.4.1-1', sha256: 'ab' };

  /** What an older sub1m left: a source with a patch, and objects. */
  async function makeOld(): Promise<string> {
    const folder = join(temp.path, 'sources/linux-source-5.4_5.4.1-1');
    await writeKernelTree(join(folder, 'tree'));
    await writeFile(join(folder, 'source.json'), JSON.stringify(source));
    await mkdir(join(folder, 'objects-1'));
    await writeFile(join(folder, 'objects-1/main.o'), 'compiled');
    for (const name of ['original', 'absent']) {
      await mkdir(join(folder, name, 'init'), { recursive: true });
    }
    await writeFile(join(folder, 'original/init/main.sh'), 'the original');
    await writeFile(join(folder, 'absent/init/new.sh'), '');
    await writeFile(join(folder, 'tree/init/new.sh'), 'of a patch');
    return folder;
  }

  it('takes the source of an older sub1m as it is, without its patches, and keeps its objects', async () => {
    const folder = await makeOld();
    const { tree } = await requireSource(source, context);
    expect(await readFile(join(tree, 'init/main.sh'), 'utf8')).toBe('the original');
    expect(existsSync(join(tree, 'init/new.sh'))).toBe(false);
    await writeFile(join(folder, 'objects-1/main.o'), 'compiled again');
    await writeFile(join(tree, 'init/main.sh'), 'patched');
    await requireSource(source, context);
    expect(await readFile(join(folder, 'objects-1/main.o'), 'utf8')).toBe('compiled again');
  });

  it('finds what is damaged after that', async () => {
    const { tree } = await requireSource(source, await makeOld().then(() => context));
    await writeFile(join(tree, 'Makefile'), '');
    await fillLists([]);
    // It would be downloaded.
    await expect(requireSource(source, context)).rejects.toThrow(UsageError);
  });
});

describe('findSource()', () => {
  it.each([
    { name: 'linux-source-6.12', wanted: '6.12.107-1', found: '6.12.107-1 of trixie' },
    { name: 'linux-source-6.12', wanted: null, found: '6.12.117-1 of trixie' },
    { name: 'linux-source-7.2', wanted: null, found: '7.2.13-1 of sid' },
  ])('takes $found for $name in version $wanted', async ({ name, wanted, found }) => {
    await fillLists(OFFERED);
    expect((await findSource(name, wanted, context)).sha256).toBe(found);
  });

  it('needs no mirror for a version that is already unpacked', async () => {
    const source = { name: 'linux-source-5.4', version: '5.4.1-1', sha256: 'ab' };
    const folder = join(temp.path, 'sources/linux-source-5.4_5.4.1-1');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'source.json'), JSON.stringify(source));
    expect(await findSource('linux-source-5.4', '5.4.1-1', context)).toEqual(source);
  });

  it.each([
    {
      name: 'linux-source-6.12',
      version: '6.12.110-1',
      message:
        'Cannot find the source linux-source-6.12 6.12.110-1: no suite has it; ' +
        'available: 6.12.107-1, 6.12.117-1',
    },
    {
      name: 'linux-source-6.13',
      version: null,
      message:
        'Cannot find the source linux-source-6.13: no suite has it; ' +
        'available: linux-source-7.2, linux-source-6.12',
    },
  ])('names what is available instead of $name $version', async ({ name, version, message }) => {
    await fillLists(OFFERED);
    await expect(findSource(name, version, context)).rejects.toThrow(new UsageError(message));
  });
});

describe('unpackSource()', () => {
  async function sourceDeb(inside: string): Promise<string> {
    const name = 'linux-source-9.9';
    const made = join(temp.path, 'made');
    await writeKernelTree(join(made, inside));
    const archive = join(temp.path, 'source.tar.xz');
    const { signal } = context;
    await runCommand(['tar', '-cJf', archive, '-C', made, inside], { signal });
    const files = { [`usr/src/${name}.tar.xz`]: await readFile(archive) };
    return buildDeb(temp.path, { name, version: '9.9-1', files });
  }

  it('leaves the tree, and nothing else', async () => {
    const deb = await sourceDeb('linux-source-9.9');
    const folder = join(temp.path, 'out');
    await mkdir(folder);
    const tree = join(folder, 'tree');
    await unpackSource(deb, tree, { name: 'linux-source-9.9', signal: context.signal });
    expect(isKernelTree(tree)).toBe(true);
    expect(await readdir(folder)).toEqual(['tree']);
  });

  it('refuses a package with other contents', async () => {
    const deb = await sourceDeb('elsewhere');
    const tree = join(temp.path, 'tree');
    const { signal } = context;
    await expect(unpackSource(deb, tree, { name: 'linux-source-9.9', signal })).rejects.toThrow(
      new PackageError(
        `Cannot use ${deb}: expected a kernel source in linux-source-9.9/, found none`,
      ),
    );
    expect(existsSync(tree)).toBe(false);
  });
});
