// SPDX-License-Identifier: MIT
/**
 * The model against the kernel's own code (scripts/oracle/), on generated machines: `SUB1M_ORACLE` for each source, or
 * 100,000; a million take half an hour. `SUB1M_ORACLE_SEED` repeats a night.
 */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecipe } from '../kernel/recipe.ts';
import { findSource, requireSource } from '../kernel/source-tree.ts';
import { predict } from '../model/prediction.ts';
import { buildOracle } from '../model/testing/oracle-build.ts';
import { KNOWN } from '../model/testing/oracle-differences.ts';
import { type Comparison, compareMany } from '../model/testing/oracle-run.ts';
import type { PolicyId } from '../policy-id.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { projectPath } from '../project-root.ts';
import { readEnvironment } from './environment.ts';
import { stderrLog } from './stderr-log.ts';

/** A kernel: the recipe that names its source package, and the policy that it follows without patches. */
interface Kernel {
  readonly recipe: string;
  readonly policy: PolicyId;
}

const KERNELS: readonly Kernel[] = [
  { recipe: 'plain-5.10', policy: 'lock-on-crashkernel' },
  { recipe: 'two-phase-6.1', policy: 'reserve-1m-deferred' },
  { recipe: 'plain-6.12', policy: 'reserve-1m-deferred' },
  { recipe: 'two-phase-7.3', policy: 'reserve-1m-deferred' },
];

const COUNT = Number(process.env['SUB1M_ORACLE'] ?? 100_000);
const SEED = Number(process.env['SUB1M_ORACLE_SEED'] ?? Date.now() % 2 ** 31);
const TIMEOUT_MS = 6 * 60 * 60_000;

const context = {
  ...readEnvironment(process.env),
  signal: new AbortController().signal,
  log: stderrLog,
};

let temp: TempDir;
beforeAll(async () => {
  temp = await makeTempDir();
});
afterAll(() => temp[Symbol.asyncDispose]());

/** The kernel's oracle, and this or another model to compare it with. */
async function comparisonOf(
  { recipe, policy }: Kernel,
  predictOf: typeof predict,
): Promise<Comparison> {
  const { source } = await readRecipe(recipe);
  if (source.kind !== 'package') throw new Error(`Expected a package for ${recipe}, found a tree`);
  const found = await findSource(source.name, source.version, context);
  const unpacked = await requireSource(found, context);
  const binary = await buildOracle(unpacked, temp.path, context.signal);
  const release = found.version.replace(/-.*/, '');
  return { binary, release, policy, predict: predictOf };
}

describe('the model and the kernel', () => {
  const met = new Set<string>();

  it.each(KERNELS)(
    'say the same of every machine: $recipe',
    async (kernel) => {
      const comparison = await comparisonOf(kernel, predict);
      const started = performance.now();
      const { cases, known, found } = compareMany(comparison, COUNT, SEED);
      const minutes = (performance.now() - started) / 60_000;
      const rows = [...known].map(([id, times]) => `${id} ${times}`).join(', ');
      stderrLog.info(
        `${comparison.release}: ${cases} machines in ${minutes.toFixed(1)} min, known: ${rows}`,
      );
      for (const id of known.keys()) met.add(id);
      expect(found).toBeNull();
    },
    TIMEOUT_MS,
  );

  // Some are met once in tens of thousands of machines.
  it.skipIf(COUNT < 100_000)(
    'differ in all that is known: what is met no more is mended, and to be taken out',
    () => {
      expect([...met].toSorted()).toEqual(KNOWN.map(({ id }) => id).toSorted());
    },
  );
});

/** A fault for the model: in a file, one text for another. */
interface Mutant {
  readonly what: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const MUTANTS: readonly Mutant[] = [
  {
    what: 'reserve() that leaves the last byte',
    file: 'memblock.ts',
    from: 'addRegion(roomy.memory.reserved, { ...range, kern })',
    to: 'addRegion(roomy.memory.reserved, { ...physRange(range.start, range.end - 1), kern })',
  },
  {
    what: 'a search for the trampoline that passes over a gap of just its size',
    file: 'memblock.ts',
    from: 'start >= gap.start &&',
    to: 'start > gap.start &&',
  },
  {
    what: 'a split of the map that keeps a page more of a table',
    file: 'efi-memmap.ts',
    from: 'Math.ceil(table.end / PAGE_SIZE) * PAGE_SIZE',
    to: '(Math.floor(table.end / PAGE_SIZE) + 1) * PAGE_SIZE',
  },
];

describe('a fault in the model is found within a minute', { timeout: 600_000 }, () => {
  it.each(MUTANTS)('$what', async (mutant) => {
    const kernel = { recipe: 'plain-6.12', policy: 'reserve-1m-deferred' } as const;
    const comparison = await comparisonOf(kernel, (await mutatedModel(mutant)).predict);
    const started = performance.now();
    const { found } = compareMany(comparison, 100_000, SEED);
    expect(found).not.toBeNull();
    expect(performance.now() - started).toBeLessThan(60_000);
  });
});

/** The model with one fault: a copy of it, and of what it imports. */
async function mutatedModel({
  what,
  file,
  from,
  to,
}: Mutant): Promise<{ predict: typeof predict }> {
  const folder = join(temp.path, what.replaceAll(' ', '-'));
  await mkdir(folder);
  await cp(projectPath('harness'), folder, {
    recursive: true,
    filter: (path) =>
      !path.includes('testdata') &&
      (!/\/harness\/[^/]+\//.test(path) || /\/harness\/(?:memory|model)\//.test(path)),
  });
  const path = join(folder, 'model', file);
  const text = await readFile(path, 'utf8');
  expect(text.split(from)).toHaveLength(2);
  await writeFile(path, text.replace(from, to));
  return (await import(join(folder, 'model/prediction.ts'))) as { predict: typeof predict };
}
