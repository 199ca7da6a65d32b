// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { commitLine, makeKernelRepo, testGit } from '../kernel/testing/kernel-repo-builder.ts';
import { silentLog } from '../log.ts';
import type { PackageContext } from '../package/package-lists.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { asItStands } from './checked-kernel.ts';
import { planSteps } from './series-steps.ts';

const { signal } = new AbortController();

function contextIn(folder: string): PackageContext {
  return { cacheDir: join(folder, 'cache'), mirror: undefined, signal, log: silentLog };
}

/** A tree with two commits on top of `base`, and the two as patches in `patches`. */
async function makeSeries(folder: string): Promise<{ tree: string; patches: string }> {
  const [tree, patches] = [join(folder, 'linux'), join(folder, 'patches')];
  await makeKernelRepo(tree);
  await testGit(tree, 'tag', 'base');
  await commitLine(tree, 'init/main.sh', '# two');
  await commitLine(tree, 'Kbuild', '# three');
  await testGit(tree, 'format-patch', '--quiet', `--output-directory=${patches}`, 'base');
  return { tree, patches };
}

describe('planSteps', () => {
  it('takes the commits of a range, and before them the commit that they are on', async () => {
    await using temp = await makeTempDir();
    const { tree } = await makeSeries(temp.path);
    const context = contextIn(temp.path);
    const steps = await planSteps('base..HEAD', await asItStands(tree, context), context);
    expect(steps.map(({ name, refused }) => [name.replace(/^[0-9a-f]+ /, ''), refused])).toEqual([
      ['init/main.sh: # one', null],
      ['init/main.sh: # two', null],
      ['Kbuild: # three', null],
    ]);
    expect(steps[2]?.ref).toBe(await asItStands(tree, context));
    await expect(planSteps('HEAD..base', `${tree}@HEAD`, context)).rejects.toThrow(
      new UsageError('Cannot check HEAD..base: expected a range with commits, found none in it'),
    );
  });

  it.each(['v9..HEAD', 'base..v9'])('refuses %s, which names no commit', async (range) => {
    await using temp = await makeTempDir();
    const { tree } = await makeSeries(temp.path);
    await expect(planSteps(range, `${tree}@HEAD`, contextIn(temp.path))).rejects.toThrow(
      new UsageError(`Cannot check ${range}: expected commits of ${tree}, found no v9`),
    );
  });

  it('refuses to put patches on a revision that is none', async () => {
    await using temp = await makeTempDir();
    const { tree, patches } = await makeSeries(temp.path);
    await expect(planSteps(patches, `${tree}@v9`, contextIn(temp.path))).rejects.toThrow(
      UsageError,
    );
  });

  it('puts patches on a tree one after the other, and makes the same files of it as commits do', async () => {
    await using temp = await makeTempDir();
    const { tree, patches } = await makeSeries(temp.path);
    const files = await testGit(tree, 'rev-parse', 'HEAD^{tree}');
    const steps = await planSteps(patches, `${tree}@base`, contextIn(temp.path));
    expect(steps.map(({ refused }) => refused)).toEqual([null, null, null]);
    expect(steps[2]?.ref).toBe(`${tree}@${files.slice(0, 12)}`);
  });

  it('ends at a patch that does not apply, and says where', async () => {
    await using temp = await makeTempDir();
    const { tree, patches } = await makeSeries(temp.path);
    const steps = await planSteps(patches, `${tree}@HEAD`, contextIn(temp.path));
    const [, refused] = steps;
    expect(steps).toHaveLength(2);
    expect(refused?.name).toBe('init/main.sh: # two');
    expect(refused?.refused).toMatch(
      /^Cannot apply .*0001-.*\.patch: patch failed: init\/main\.sh:/,
    );
  });

  it('puts patches on a recipe', async () => {
    await using temp = await makeTempDir();
    const { patches } = await makeSeries(temp.path);
    const steps = await planSteps(patches, 'recipe:plain-6.12', contextIn(temp.path));
    expect(steps.map(({ ref }) => ref.split('+').length)).toEqual([1, 2, 3]);
  });

  it('refuses what patches cannot be put on', async () => {
    await using temp = await makeTempDir();
    const { patches } = await makeSeries(temp.path);
    await expect(planSteps(patches, 'debian:6.12', contextIn(temp.path))).rejects.toThrow(
      new UsageError(
        'Cannot put patches on debian:6.12: expected a tree under git, or a recipe; name one, or change into the tree',
      ),
    );
  });
});
