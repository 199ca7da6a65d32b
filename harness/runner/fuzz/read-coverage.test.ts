// SPDX-License-Identifier: MIT
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { CoverageOfKernels, summarise } from '../../fuzz/coverage.ts';
import { generateCase } from '../../fuzz/generate-case.ts';
import type { JournalLine } from '../../fuzz/journal.ts';
import { keepNotes } from '../../kernel/counted-files.ts';
import { runCommand } from '../../process/owned-process.ts';
import { type TempDir, makeTempDir } from '../../process/temp-dir.ts';
import { heardLog } from '../../process/testing/heard-log.ts';
import { noteCoverage, readCoverage } from './read-coverage.ts';

const { signal } = new AbortController();
const PROGRAM = 'int main(int nr, char **args)\n{\n\treturn nr > 1 ? 0 : 1 / nr - 1;\n}\n';

/** A program in the place of a kernel's file, which gcc has counters for, and what it counted. */
let counters: Buffer;
let made: TempDir;

beforeAll(async () => {
  made = await makeTempDir();
  const at = join(made.path, 'objects/mm');
  await mkdir(at, { recursive: true });
  await writeFile(join(at, 'memblock.c'), PROGRAM);
  const options = { signal, cwd: at };
  await runCommand(
    ['gcc', '--coverage', '-c', join(at, 'memblock.c'), '-o', 'memblock.o'],
    options,
  );
  await runCommand(['gcc', '--coverage', 'memblock.o', '-o', 'program'], options);
  await runCommand([join(at, 'program')], options);
  counters = await readFile(join(at, 'memblock.gcda'));
  await keepNotes(join(made.path, 'objects'), join(made.path, 'bzImage'));
  return async () => made[Symbol.asyncDispose]();
});

async function tarOf(name: string, bytes: Uint8Array): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name }, Buffer.from(bytes));
  tar.finalize();
  return buffer(tar);
}

async function coverageOf(name: string, bytes: Uint8Array): Promise<ReturnType<typeof summarise>> {
  const temp = join(made.path, 'temp');
  const image = join(made.path, 'bzImage');
  try {
    return summarise(await readCoverage({ tar: await tarOf(name, bytes), image, temp, signal }));
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

const NAME = './sys/kernel/debug/gcov/root/objects/mm/memblock.gcda';

it('reads what gcc counted', async () => {
  expect(await coverageOf(NAME, counters)).toEqual([
    {
      file: 'mm/memblock.c',
      branches: 2,
      taken: 1,
      missed: [{ name: 'main', branches: 1, lines: [3] }],
    },
  ]);
});

it('leaves out files that do not count', async () => {
  expect(await coverageOf('../../etc/passwd', counters)).toEqual([]);
  expect(await readdir(dirname(made.path))).not.toContain('etc');
});

it.each([
  { what: 'nothing', bytes: (): Uint8Array => Buffer.alloc(0) },
  { what: 'half of it', bytes: (): Uint8Array => counters.subarray(0, 30) },
  { what: 'noise', bytes: (): Uint8Array => Buffer.alloc(4096, 0xa5) },
])('refuses counters of $what, or takes them for none', async ({ bytes }) => {
  const taken = await coverageOf(NAME, bytes()).then(
    (files) => files.map((file) => file.taken),
    (error: unknown) => error instanceof FormatError && 'refused',
  );
  expect([[0], 'refused']).toContainEqual(taken);
});

it('refuses a tar that is none', async () => {
  const temp = join(made.path, 'temp');
  const image = join(made.path, 'bzImage');
  const read = readCoverage({ tar: Buffer.alloc(2000, 1), image, temp, signal });
  await expect(read).rejects.toThrow(FormatError);
});

describe('of a case', () => {
  const [given, image] = [generateCase(1, 3), 'x'.repeat(64)];

  /** What is noted, and said, of a case whose bundle has this `gcov.tar`. */
  async function noted(coverage: CoverageOfKernels, tar: Uint8Array): Promise<unknown[]> {
    await using temp = await makeTempDir();
    await mkdir(join(temp.path, 'system'));
    await writeFile(join(temp.path, 'system/gcov.tar'), tar);
    const seen: unknown[] = [];
    const note = (line: JournalLine): Promise<void> => {
      seen.push(line);
      return Promise.resolve();
    };
    const warnings: string[] = [];
    const kernel = { image: join(made.path, 'bzImage'), imageSha256: image };
    const log = heardLog(warnings);
    await noteCoverage(given, kernel, { coverage, note, log, folder: temp.path, signal });
    return [...seen, ...warnings];
  }

  it('the branches are kept that no case before it took', async () => {
    const coverage = new CoverageOfKernels([]);
    const tar = await tarOf(NAME, counters);
    const branches = ['mm/memblock.c:3 main 0'];
    expect(await noted(coverage, tar)).toEqual([{ kind: 'reached', image, case: given, branches }]);
    expect(await noted(coverage, tar)).toEqual([]);
  });

  it('counters that make no sense are named, and no more', async () => {
    const coverage = new CoverageOfKernels([]);
    const why: unknown = expect.stringContaining('Cannot read what the kernel counted: ');
    expect(await noted(coverage, Buffer.alloc(2000, 1))).toEqual([why]);
    expect(coverage.of(image).all).toEqual(new Set());
  });
});
