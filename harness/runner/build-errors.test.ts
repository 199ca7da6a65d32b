// SPDX-License-Identifier: MIT
/** A source that does not become a kernel is skipped or refused; a reference that is mistyped never is. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BuildError, UsageError } from '../errors.ts';
import { commitLine, makeKernelRepo } from '../kernel/testing/kernel-repo-builder.ts';
import { silentLog } from '../log.ts';
import { expandSpecs } from '../matrix/expand.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { bootChange } from './bisect/bisect-boots.ts';
import { whyRefused } from './check-series.ts';
import type { RunnerContext } from './runner-context.ts';

const MISTYPED = ['recipe:two-phaze', 'debain:6.12', '/no/such/tree'];

let temp: TempDir;
let tree: string;
let context: RunnerContext;

beforeAll(async () => {
  temp = await makeTempDir();
  tree = join(temp.path, 'linux');
  await makeKernelRepo(tree);
  await commitLine(tree, 'init/main.sh', 'echo "main.c:1: error: no" && exit 1');
  const { signal } = new AbortController();
  const cacheDir = join(temp.path, 'cache');
  const environment = {
    cacheDir,
    path: '',
    mirror: undefined,
    provider: 'other' as const,
    firmwareFolders: [],
  };
  context = { environment, signal, log: silentLog };
});
afterAll(async () => {
  await temp[Symbol.asyncDispose]();
});

describe('bootChange()', () => {
  const [spec] = expandSpecs({ kernel: [''] });
  const boot = (kernel: string): ReturnType<typeof bootChange> => {
    if (!spec) throw new Error('No cell');
    const question = { invariant: 'lowmem.locked', spec, reason: null } as const;
    const options = { question, results: join(temp.path, 'results'), done: 0, budget: 1 };
    return bootChange({ id: 'a', subject: 'a', kernel }, options, context);
  };

  it('skips a commit that does not build, for good', async () => {
    const { fact, bundle } = await boot(`${tree}@HEAD`);
    expect(fact).toMatchObject({ kind: 'untold', again: false });
    expect(fact.why).toContain('main.c:1: error: no');
    expect(bundle).toBeNull();
  });

  it.each(MISTYPED)('throws for %s, also in the middle of a bisection', async (kernel) => {
    await expect(boot(kernel)).rejects.toThrow(UsageError);
  });

  it('throws for a revision that is mistyped', async () => {
    await expect(boot(`${tree}@v9`)).rejects.toThrow(UsageError);
  });
});

describe('whyRefused()', () => {
  const refusal = (ref: string, isBase = false): Promise<string | null> => {
    const { environment, signal, log } = context;
    const sources = { ...environment, signal, log };
    return whyRefused({ name: 'a', ref, refused: null }, isBase, sources);
  };

  it('refuses a patch whose kernel does not build', async () => {
    expect(await refusal(`${tree}@HEAD`)).toContain('main.c:1: error: no');
  });

  it('throws for a base that does not build', async () => {
    await expect(refusal(`${tree}@HEAD`, true)).rejects.toThrow(BuildError);
  });

  it('accepts a kernel that builds', async () => {
    expect(await refusal(`${tree}@HEAD~1`)).toBeNull();
  });

  it.each(MISTYPED)('throws for %s', async (ref) => {
    await expect(refusal(ref)).rejects.toThrow(UsageError);
  });
});
