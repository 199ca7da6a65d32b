// SPDX-License-Identifier: MIT
/** Compares `inspect` on real dumps with other readers, and with the kernel before it crashed. */
import { copyFile, open, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPageClasses } from '../memory/kpageflags.ts';
import { hex } from '../memory/pfn.ts';
import { runCommand } from '../process/owned-process.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { readElfCore } from '../vmcore/dump/elf.ts';
import { type DumpFormats, writeFormats } from '../testing/dump-formats.ts';
import { openFile } from '../process/open-file.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { FAST_FIRMWARE } from '../testing/checked-cells.ts';
import { runSub1m } from '../testing/run-sub1m.ts';

/** On this layout 5.10 frees pages below 1 MiB; kallsyms is searched for. 6.12 has BTF and ORC. */
const CELLS = [
  {
    kernel: 'debian:5.10',
    id: 'debian-5.10.crashkernel-256m.thread-2021.ovmf-debian-2025.02',
    has: {},
  },
  {
    kernel: 'debian:6.12',
    id: 'debian-6.12.crashkernel-256m.thread-2021.ovmf-debian-2025.02',
    has: { btf: true, missing: [] },
  },
];

/** Two cells of a minute each on a busy host, and their kernels from the mirror. */
const CELLS_MS = 10 * 60_000;

let temp: TempDir;
const { signal } = new AbortController();

beforeAll(async () => {
  temp = await makeTempDir();
  const kernels = CELLS.map(({ kernel }) => kernel);
  const options = ['--layout', 'thread-2021', '--crashkernel', '256M', '--results', temp.path];
  const { status, stderr } = await runSub1m(['check', ...kernels, ...options, ...FAST_FIRMWARE]);
  // 1, because 5.10 has the bug of the thread.
  if (status !== 1) throw new Error(stderr);
}, CELLS_MS);

afterAll(async () => {
  await temp[Symbol.asyncDispose]();
});

/** The answers of `inspect --json`. */
async function inspect<T>(vmcore: string, ...questions: string[]): Promise<T> {
  const { stdout, stderr } = await runSub1m(['inspect', vmcore, ...questions, '--json']);
  expect(stderr).toBe('');
  return JSON.parse(stdout) as T;
}

/** Gives the note another name, so that nobody knows it. */
async function renameNote(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  const head = Buffer.alloc(1024 * 1024);
  await file.read(head, 0, head.length, 0);
  const at = head.indexOf('VMCOREINFO\0');
  expect(at).toBeGreaterThan(0);
  await file.write('UNKNOWNOTE', at);
}

interface Answers {
  readonly vmcore: string;
  readonly lowmem: readonly { readonly class: string }[];
}

describe.each(CELLS)('a dump of $kernel', ({ id, has }) => {
  const inBundle = (path: string): string => join(temp.path, id, path);
  let dumps: DumpFormats;

  beforeAll(async () => {
    dumps = await writeFormats(inBundle(''), inBundle(''), signal);
  });

  it('gives the same answers in every format', async () => {
    const questions = ['--dmesg', '--lowmem', '--iomem', '--stacks'];
    const { vmcore: _, ...answers } = await inspect<Answers>(dumps.compressed, ...questions);
    for (const path of [dumps.flattened, dumps.elf, inBundle('vmcore')]) {
      expect(await inspect(path, ...questions)).toEqual({ vmcore: path, ...answers });
    }
  });

  it('gives the same answers without its VMCOREINFO, which is found in its memory', async () => {
    const questions = ['--dmesg', '--lowmem', '--iomem', '--stacks'];
    const { vmcore: _, ...answers } = await inspect<Answers>(dumps.elf, ...questions);
    const path = inBundle('vmcore.without-vmcoreinfo');
    await copyFile(dumps.elf, path);
    await renameNote(path);
    const { status, stdout, stderr } = await runSub1m(['inspect', path, ...questions, '--json']);
    expect(stderr).toMatch(
      /^The dump has no VMCOREINFO: that of \S+ was found in \d+ MiB of memory/,
    );
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ vmcore: path, ...answers });
  });

  it('has the panic, its stack, and the address of the trampoline', async () => {
    const text = await readFile(join(temp.path, 'run.json'), 'utf8');
    const { cells } = parseDocument('run', text);
    const trampoline = cells.find((cell) => cell.id === id)?.trampoline;
    const panic = { message: 'sysrq triggered crash' };
    expect(await inspect(dumps.flattened)).toMatchObject({
      summary: { panic, trampoline, ...has },
    });
    const { stdout: stacks } = await runSub1m(['inspect', dumps.flattened, '--stacks']);
    expect(stacks).toMatch(/ {2}panic\+0x\w+\n(?:.*\n)*.* {2}vfs_write\+0x/);
  });

  it('has the log that makedumpfile reads, byte for byte, to the panic', async () => {
    const log = inBundle('makedumpfile.dmesg');
    await runCommand(['makedumpfile', '--dump-dmesg', dumps.compressed, log], { signal });
    const { stdout } = await runSub1m(['inspect', dumps.flattened, '--dmesg']);
    expect(stdout).toBe(await readFile(log, 'latin1'));
    expect(stdout).toContain('Kernel panic - not syncing: sysrq triggered crash');
  });

  it('has the class of each page below 1 MiB as /proc/kpageflags had it', async () => {
    const { lowmem } = await inspect<Answers>(dumps.flattened, '--lowmem');
    const live = readPageClasses(await readFile(inBundle('system/kpageflags')));
    expect(lowmem.map((page) => page.class)).toEqual(live);
  });

  it('has the program headers that readelf reads', async () => {
    const text = await runCommand(['readelf', '-lW', dumps.elf], { signal });
    const seen = [...text.matchAll(/^ {2}LOAD +(\S+) (\S+) (\S+) (\S+) (\S+) /gm)];
    using file = openFile(dumps.elf);
    const loads = readElfCore(file).loads.map((load) =>
      [load.offset, load.vaddr, load.paddr, load.fileBytes, load.memoryBytes].map(hex),
    );
    expect(seen.map((fields) => fields.slice(1).map((field) => hex(BigInt(field))))).toEqual(loads);
  });

  it('is refused in one line when it is cut in two', async () => {
    for (const path of [dumps.flattened, dumps.compressed, dumps.elf]) {
      await truncate(path, (await stat(path)).size / 2);
      const { status, stdout, stderr } = await runSub1m(['inspect', path]);
      expect({ status, stdout }).toEqual({ status: 65, stdout: '' });
      expect(stderr).toMatch(
        /^sub1m: Cannot read (?:this dump: it is cut off|the flattened) .+\n$/,
      );
    }
  });
});
