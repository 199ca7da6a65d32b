// SPDX-License-Identifier: MIT
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FormatError, UsageError } from '../errors.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { changeNames, parseRecipe, readRecipe } from './recipe.ts';

const RECIPES = new URL('../../images/kernels/', import.meta.url);

const GOOD = {
  schema: 1,
  source: 'debian:linux-source-6.12',
  version: '6.12.117-1',
  patches: ['patches', 'one.patch'],
  config: ['small.config'],
  policy: 'two-phase',
};

let temp: TempDir;

beforeEach(async () => {
  temp = await makeTempDir();
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

async function writeRecipe(recipe: object): Promise<string> {
  const path = join(temp.path, 'mine.json');
  await writeFile(path, JSON.stringify(recipe));
  return path;
}

describe('readRecipe()', () => {
  it('returns patches in the order of their names, and absolute paths', async () => {
    await mkdir(join(temp.path, 'patches'));
    for (const name of ['0002-b.patch', '0001-a.patch', 'README.md', '../one.patch'])
      await writeFile(join(temp.path, 'patches', name), '');
    const inTemp = (name: string): string => join(temp.path, name);
    expect(await readRecipe(await writeRecipe(GOOD))).toEqual({
      name: 'mine',
      source: { kind: 'package', name: 'linux-source-6.12', version: '6.12.117-1' },
      patches: ['patches/0001-a.patch', 'patches/0002-b.patch', 'one.patch'].map(inTemp),
      config: [inTemp('small.config')],
      changes: [],
      policy: 'two-phase',
    });
  });

  it('takes a tree, without the optional fields', async () => {
    const path = await writeRecipe({ schema: 1, source: 'linux', config: ['small.config'] });
    expect(await readRecipe(path)).toEqual({
      name: 'mine',
      source: { kind: 'tree', path: join(temp.path, 'linux') },
      patches: [],
      config: [join(temp.path, 'small.config')],
      changes: [],
      policy: null,
    });
  });

  it('takes more patches on top, by path or by their name in images/patches', async () => {
    const mine = join(temp.path, 'mine.patch');
    await writeFile(mine, '');
    const { name, patches, policy } = await readRecipe(
      `two-phase-6.12+faults/page-0-released+${mine}`,
    );
    expect(name).toBe(`two-phase-6.12+faults/page-0-released+${mine}`);
    const [fault = '', last] = patches.slice(-2);
    expect(fault).toMatch(/\/images\/patches\/faults\/page-0-released\.patch$/);
    expect(last).toBe(mine);
    expect(patches).toHaveLength(7);
    expect(policy).toBe('two-phase');
  });

  it('takes config fragments on top, by path or by their name in images/config/zoo', async () => {
    const mine = join(temp.path, 'mine.config');
    await writeFile(mine, '');
    const { name, patches, changes } = await readRecipe(
      `two-phase-6.12+config/no-kaslr+faults/page-0-released+${mine}`,
    );
    expect(name).toBe(`two-phase-6.12+config/no-kaslr+faults/page-0-released+${mine}`);
    expect(changes[0]).toMatch(/\/images\/config\/zoo\/no-kaslr\.config$/);
    expect(changes.slice(1)).toEqual([mine]);
    expect(patches).toHaveLength(6);
  });

  it('lists the config fragments if the name is unknown', async () => {
    await expect(readRecipe('plain-6.12+config/no-such')).rejects.toThrow(
      new UsageError(
        'Cannot use recipe plain-6.12+config/no-such: there is no config fragment config/no-such; ' +
          `give the path of a *.config, or one of ${(await changeNames()).join(', ')}`,
      ),
    );
  });

  it('refuses patches on a tree', async () => {
    const path = await writeRecipe({ schema: 1, source: 'linux', config: ['small.config'] });
    await expect(readRecipe(`${path}+faults/page-0-released`)).rejects.toThrow(
      new UsageError(
        `Cannot use recipe ${path}+faults/page-0-released: sub1m does not write into a user's ` +
          'tree; apply patches there yourself',
      ),
    );
  });

  it('lists the recipes if the name is unknown', async () => {
    const names = (await readdir(RECIPES)).map((name) => basename(name, '.json')).toSorted();
    await expect(readRecipe('no-phase')).rejects.toThrow(
      new UsageError(
        'Cannot find the recipe no-phase: no such file; ' +
          `give the path of a JSON file, or one of ${names.join(', ')}`,
      ),
    );
  });

  it.each(['missing.patch', 'empty'])('refuses %s, which has no patches', async (name) => {
    await mkdir(join(temp.path, 'empty'));
    await expect(readRecipe(await writeRecipe({ ...GOOD, patches: [name] }))).rejects.toThrow(
      new UsageError(
        `Cannot use recipe mine: expected a patch or a folder of *.patch at ` +
          `${join(temp.path, name)}, found none`,
      ),
    );
  });
});

describe('parseRecipe()', () => {
  it.each([
    { text: '{', why: /^not JSON: .*/ },
    { text: '[]', why: /^the whole file: .*/ },
    { text: JSON.stringify({ ...GOOD, schema: 2 }), why: /^schema: / },
    { text: JSON.stringify({ ...GOOD, source: undefined }), why: /^source: / },
    { text: JSON.stringify({ ...GOOD, config: [] }), why: /^config: / },
    { text: JSON.stringify({ ...GOOD, patches: 'x' }), why: /^patches: / },
    { text: JSON.stringify({ ...GOOD, polcy: 'x' }), why: /^the whole file: .*polcy/ },
    {
      text: JSON.stringify({ ...GOOD, source: 'debian:linux-image-6.12' }),
      why: /^source: expected debian:linux-source-<version> or the path of a tree/,
    },
    {
      text: JSON.stringify({ ...GOOD, source: '../linux', patches: [] }),
      why: /^version: only a package has a version/,
    },
    {
      text: JSON.stringify({ ...GOOD, source: '../linux', version: undefined }),
      why: /^patches: sub1m does not write into a user's tree; apply patches there yourself/,
    },
  ])('refuses $text', ({ text, why }) => {
    let error: unknown;
    try {
      parseRecipe(text, 'r.json');
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(FormatError);
    const { message } = error instanceof Error ? error : { message: '' };
    const [, found = ''] = /^Cannot read recipe r\.json: (.*); compare images/.exec(message) ?? [];
    expect(found).toMatch(why);
  });
});

it('reads every recipe in images/kernels', async () => {
  for (const file of await readdir(RECIPES)) {
    const { name, config, policy } = await readRecipe(basename(file, '.json'));
    expect(name).toBe(basename(file, '.json'));
    expect(basename(config[0] ?? '')).toBe('sub1m.config');
    const series = name.replace(/-[\d.]+$/, '');
    const named = { plain: null, 'plain-numa': null, debuginfo: 'two-phase' }[series];
    expect(policy).toBe(named === undefined ? series : named);
  }
});
