// SPDX-License-Identifier: MIT
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../errors.ts';
import { commitLine, makeKernelRepo } from '../../kernel/testing/kernel-repo-builder.ts';
import { readRecipe } from '../../kernel/recipe.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { heardLog } from '../../process/testing/heard-log.ts';
import type { RangeOptions } from './bisect-range-options.ts';
import { requireRange } from './bisect-range.ts';

const { signal } = new AbortController();

const SERIES = ['images/patches/two-phase/6.12'];

/** Opens a range in folders that are gone afterwards; gives it and what was warned of. */
async function open(options: RangeOptions) {
  await using temp = await makeTempDir();
  const warned: string[] = [];
  const context = {
    environment: {
      cacheDir: temp.path,
      path: '',
      mirror: undefined,
      provider: 'other' as const,
      firmwareFolders: [],
    },
    signal,
    log: heardLog(warned, 'warn'),
  };
  const folders = { state: join(temp.path, 'state'), temp: join(temp.path, 'git') };
  const { range, find, content } = await requireRange(options, folders, context);
  const base = range.old.kernel.slice('recipe:'.length);
  const recipe = options.tree === undefined ? await readRecipe(base) : null;
  return { range, find, content, warned, recipe };
}

describe('a range of patches', () => {
  it('is the kernels of a recipe with none, one, two, … of them', async () => {
    const { range } = await open({ patches: SERIES, on: 'recipe:plain-6.12' });
    expect(range.old).toEqual({ id: 'base', subject: 'no patch', kernel: 'recipe:plain-6.12' });
    expect(range.new).toMatchObject({
      id: 'patch 5',
      subject: 'x86/realmode: Release memory below 1M that nobody claims',
    });
    expect(range.new.kernel.split('+')).toHaveLength(6);
    expect(range.length).toBe(5);
    expect(await range.next(new Map())).toMatchObject({ kind: 'ask', change: { id: 'patch 2' } });
  });

  it('is all those of a recipe, whose bare source promises no policy', async () => {
    const { range, recipe } = await open({ recipe: 'two-phase-6.12' });
    expect(range.length).toBe(5);
    expect(recipe).toMatchObject({ policy: null, patches: [], source: { kind: 'package' } });
  });

  it('is another one when a patch changes', async () => {
    await using temp = await makeTempDir();
    const patch = join(temp.path, 'my.patch');
    const options = { patches: [...SERIES, patch], on: 'plain-6.12' };
    await writeFile(patch, 'Subject: [PATCH] x86: Mine,\n and long\n');
    const before = await open(options);
    expect(before.range.new.subject).toBe('x86: Mine, and long');
    expect((await open(options)).content).toEqual(before.content);
    await writeFile(patch, 'no mail');
    const after = await open(options);
    expect(after.range.new.subject).toBe('my.patch');
    expect(after.content).not.toEqual(before.content);
  });
});

describe('a range of commits', { timeout: 30_000 }, () => {
  it('leaves out uncommitted changes, and says so', async () => {
    await using temp = await makeTempDir();
    const tree = join(temp.path, 'linux');
    await makeKernelRepo(tree);
    const bad = await commitLine(tree, 'init/main.sh', '# two');
    const options = { tree, good: 'HEAD~1', bad };
    const clean = await open(options);
    expect(clean).toMatchObject({ find: 'break', range: { length: 1 }, warned: [] });
    await appendFile(join(tree, 'init/main.sh'), '# three\n');
    const dirty = await open(options);
    expect(dirty.warned.join()).toContain('has uncommitted changes');
    expect(dirty.content).toEqual(clean.content);
  });
});

it.each<[options: RangeOptions, message: string]>([
  [{}, 'Cannot bisect nothing: pass one of --packages, --tree, --patches and --recipe'],
  [{ packages: 'debian:6.12', tree: '.' }, 'Cannot bisect several ranges at once'],
  [{ tree: '.', good: 'HEAD' }, 'pass both commits, --good <commit> and --bad <commit>'],
  [{ tree: '.', good: 'a', bad: 'b' }, "expected the top folder of a kernel's source"],
  [{ patches: SERIES }, 'name the recipe they are for, --on recipe:<name>'],
  [
    { patches: ['/no/such.patch'], on: 'plain-6.12' },
    'expected a patch or a folder of *.patch at /no/such.patch',
  ],
  [{ recipe: 'plain-6.12' }, 'Cannot bisect plain-6.12: it has no patches'],
])('refuses %j', async (options, message) => {
  await expect(open(options)).rejects.toThrow(UsageError);
  await expect(open(options)).rejects.toThrow(message);
});
