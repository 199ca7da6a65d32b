// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitLine, makeKernelRepo } from '../kernel/testing/kernel-repo-builder.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { runSub1m } from '../testing/run-sub1m.ts';

// Each starts a process, which takes a second or two.
describe('sub1m check', { timeout: 60_000 }, () => {
  it.each([
    { args: [], says: `${process.cwd()} is in no kernel tree; change into one, or name a kernel` },
    {
      args: ['debian:6.12', '--base', 'v9'],
      says: 'Cannot use the base v9: expected a commit of the checked tree',
    },
    { args: ['a', 'b', '--base', 'c'], says: 'Cannot compare or watch 2 kernels: expected one' },
    { args: ['a', '--base', 'b', '--series', 'c'], says: "cannot be used with option '--series" },
    { args: ['a', '--watch', '--results', 'b'], says: "cannot be used with option '--results" },
    {
      args: ['debian:6.12', '--watch'],
      says: 'Cannot watch debian:6.12: expected a tree or an image',
    },
    {
      args: ['a', '--invariant', 'lowmem.lock'],
      says: 'expected an invariant, found "lowmem.lock"',
    },
    { args: ['a', '--standard', 'all'], says: 'Allowed choices are quick, full' },
    {
      args: ['a', '--series', '/none'],
      says: 'Cannot read the series /none: expected a folder of *.patch',
    },
    {
      args: ['debian:6.12', '--series', '/none', '--reporter', 'tap'],
      says: 'Cannot use reporter "tap" for a series: expected one of console, json, b4, mail',
    },
  ])('refuses $args', async ({ args, says }) => {
    const end = await runSub1m(['check', ...args]);
    expect(end).toMatchObject({ status: 64, stdout: '' });
    expect(end.stderr).toContain(says);
  });

  it('tells git bisect run to skip what does not build, and to stop at a wrong command line', async () => {
    await using temp = await makeTempDir();
    const tree = join(temp.path, 'linux');
    await makeKernelRepo(tree);
    await commitLine(tree, 'init/main.sh', 'echo "main.c:1: error: no" && exit 1');
    const env = { XDG_CACHE_HOME: join(temp.path, 'cache') };
    const skipped = await runSub1m(['check', tree, '--bisect-run'], env);
    expect(skipped.stderr).toContain('main.c:1: error: no');
    expect(skipped.status).toBe(125);
    for (const wrong of [
      [`${tree}@v9`],
      [`${tree}@HEAD`, '--layout', 'x1c6'],
      ['--layuot', 'x1c7'],
    ]) {
      const stopped = await runSub1m(['check', '--bisect-run', ...wrong], env);
      expect(stopped.status).toBe(192);
    }
  });
});
