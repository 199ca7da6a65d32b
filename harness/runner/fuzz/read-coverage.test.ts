// SPDX-License-Identifier: MIT
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { beforeAll, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { summarise } from '../../fuzz/coverage.ts';
import { keepNotes } from '../../kernel/counted-files.ts';
import { runCommand } from '../../process/owned-process.ts';
import { type TempDir, makeTempDir } from '../../process/temp-dir.ts';
import { readCoverage } from './read-coverage.ts';

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

async function coverageOf(name: string, bytes: Uint8Array): Promise<ReturnType<typeof summarise>> {
  const tar = pack();
  tar.entry({ name }, Buffer.from(bytes));
  tar.finalize();
  const temp = join(made.path, 'temp');
  const image = join(made.path, 'bzImage');
  try {
    return summarise(await readCoverage({ tar: await buffer(tar), image, temp, signal }));
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
