// SPDX-License-Identifier: MIT
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HostError, InterruptedError, UsageError } from '../errors.ts';
import { makeKernelRepo } from '../kernel/testing/kernel-repo-builder.ts';
import { writeKernelTree } from '../kernel/testing/kernel-tree-builder.ts';
import { silentLog } from '../log.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { watchKernel } from './watch-kernel.ts';

/** Watches a kernel; each of the steps is taken in a check, the last one interrupts. Gives the number of checks. */
async function watched(
  ref: string,
  cacheDir: string,
  steps: readonly (() => Promise<void>)[],
): Promise<number> {
  const interrupt = new AbortController();
  const context = { cacheDir, mirror: undefined, signal: interrupt.signal, log: silentLog };
  let checks = 0;
  const check = async (): Promise<void> => {
    checks++;
    const step = steps[checks - 1];
    if (step) await step();
    else interrupt.abort();
  };
  await expect(watchKernel(ref, check, context)).rejects.toThrow(InterruptedError);
  return checks;
}

// Each waits until all is quiet, several times.
describe('watchKernel', { timeout: 60_000 }, () => {
  it('checks again when the image changes, also during a check, and when a check could not be done', async () => {
    await using temp = await makeTempDir();
    const image = join(temp.path, 'bzImage');
    await writeFile(image, 'one');
    const checks = await watched(image, temp.path, [
      () => writeFile(image, 'another'),
      async () => {
        await writeFile(image, 'a third');
        throw new HostError('Cannot judge it');
      },
    ]);
    expect(checks).toBe(3);
  });

  it('checks again when a file of a tree does, in a new folder too, but not for what git ignores', async () => {
    await using temp = await makeTempDir();
    const tree = join(temp.path, 'linux');
    await makeKernelRepo(tree);
    const checks = await watched(tree, join(temp.path, 'cache'), [
      async () => {
        await mkdir(join(tree, 'mm'));
        await writeFile(join(tree, 'mm/new.c'), '');
      },
      async () => {
        await writeFile(join(tree, 'built.o'), '');
        setTimeout(() => void appendFile(join(tree, 'mm/new.c'), '// more\n'), 1200);
      },
    ]);
    expect(checks).toBe(3);
  });

  it('watches a tree that is under no git', async () => {
    await using temp = await makeTempDir();
    const tree = join(temp.path, 'linux');
    await writeKernelTree(tree);
    const main = join(tree, 'init/main.sh');
    expect(await watched(tree, temp.path, [() => appendFile(main, '#\n')])).toBe(2);
  });

  it.each(['debian:6.12', 'recipe:plain-6.12'])('refuses %s, which never changes', async (ref) => {
    const { signal } = new AbortController();
    const context = { cacheDir: '/none', mirror: undefined, signal, log: silentLog };
    await expect(watchKernel(ref, () => Promise.resolve(), context)).rejects.toThrow(
      new UsageError(`Cannot watch ${ref}: expected a tree or an image, which can change`),
    );
  });
});
