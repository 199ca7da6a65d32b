// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { leftBehind, runSub1m, startSub1m } from './run-sub1m.ts';

/** The part of the JSON document that these tests look at. */
interface Document {
  readonly summary: unknown;
  readonly cells: readonly {
    readonly verdict: { readonly kind: string; readonly broken?: readonly string[] };
    readonly invariants: readonly {
      readonly id: string;
      readonly outcome: string;
      readonly why: string;
    }[];
    readonly pages: readonly { readonly predicted: string; readonly observed: string }[];
    readonly trampoline: string | null;
  }[];
}

function parse(stdout: string): Document {
  return JSON.parse(stdout) as Document;
}

/** Runs `check` with results in `folder`. */
async function check(
  folder: string,
  args: readonly string[],
): Promise<{ status: number | null; document: Document }> {
  const { status, stdout, stderr } = await runSub1m([
    'check',
    ...args,
    '--json',
    '--results',
    folder,
  ]);
  if (stdout === '') throw new Error(stderr);
  return { status, document: parse(stdout) };
}

describe('an old kernel', () => {
  it('leaves low memory free without crashkernel and locks it with, and judge says so again', async () => {
    await using temp = await makeTempDir();
    const folder = join(temp.path, 'results');
    const { status, document } = await check(folder, ['debian:5.10']);
    const [without, locked] = document.cells;
    expect(document.summary).toEqual({ match: 2, mismatch: 0, unjudged: 0, known: 0 });
    expect(status).toBe(0);
    const free = without?.pages.flatMap(({ predicted }, page) =>
      predicted === 'free' ? [page] : [],
    );
    expect([free?.[0], free?.at(-1), free?.length]).toEqual([16, 152, 137]);
    expect(without?.trampoline).toBe('0x99000');
    expect(locked?.pages.every(({ observed }) => observed === 'reserved')).toBe(true);

    // A PATH with node alone: there is no QEMU to be found.
    const again = await runSub1m(['judge', folder, '--json'], { PATH: dirname(process.execPath) });
    expect(parse(again.stdout).cells).toEqual(document.cells);
    expect(again.status).toBe(0);
  });
});

describe('the model', () => {
  it('predicts the bug of the thread: 5.10 frees a page of boot services in spite of its lock', async () => {
    await using temp = await makeTempDir();
    const axes = ['--crashkernel', '256M', '--cpus', '2', '--vmcore', 'none'];
    const folder = join(temp.path, 'results');
    const { status, document } = await check(folder, ['debian:5.10', ...axes]);
    const [cell] = document.cells;
    expect(cell?.verdict).toEqual({ kind: 'mismatch', broken: ['lowmem.locked'] });
    expect(cell?.pages[0x87]?.predicted).toBe('free');
    expect(cell?.invariants.find(({ id }) => id === 'lowmem.locked')?.why).toContain(
      'freed by efi_free_boot_services although crashkernel locks low memory',
    );
    expect(status).toBe(1);
  });

  it.each(['debian:5.10', 'debian:6.12', 'debian:newest'])(
    'predicts what memblock=debug prints of low memory, line by line: %s',
    async (kernel) => {
      await using temp = await makeTempDir();
      const axes = ['--crashkernel', 'none', '--cpus', '2', '--append', 'memblock=debug efi=debug'];
      const { document } = await check(join(temp.path, 'results'), [kernel, ...axes]);
      const [cell] = document.cells;
      expect(cell?.verdict).toEqual({ kind: 'match' });
      const { why } = cell?.invariants.find(({ id }) => id === 'lowmem.matches-model') ?? {};
      expect(why).toMatch(/, by the same \d calls of memblock$/);
    },
  );
});

describe('a new kernel', () => {
  it('matches with two CPUs, the other load syscall, and a panic by serial BREAK', async () => {
    await using temp = await makeTempDir();
    const axes = [
      '--crashkernel',
      '256M',
      '--cpus',
      '2',
      '--load',
      'kexec_load',
      '--trigger',
      'serial-break',
    ];
    const { status, document } = await check(join(temp.path, 'results'), ['debian:6.12', ...axes]);
    expect(document.cells[0]?.verdict).toEqual({ kind: 'match' });
    expect(document.cells[0]?.pages.every(({ observed }) => observed === 'reserved')).toBe(true);
    expect(status).toBe(0);
  });

  it('breaks kdump.reserved when it is asked for more crashkernel than there is memory', async () => {
    await using temp = await makeTempDir();
    const { status, document } = await check(join(temp.path, 'results'), [
      'debian:6.12',
      '--crashkernel',
      '3G',
    ]);
    expect(document.cells[0]?.verdict.kind).toBe('mismatch');
    expect(document.cells[0]?.verdict.broken).toContain('kdump.reserved');
    expect(status).toBe(1);
  });

  it('is a boot failure when it panics before user space', async () => {
    await using temp = await makeTempDir();
    const axes = ['--crashkernel', 'none', '--append', 'memmap=0x9f000$0x1000'];
    const { status, document } = await check(join(temp.path, 'results'), ['debian:6.12', ...axes]);
    expect(document.cells[0]?.verdict).toMatchObject({
      kind: 'boot-failure',
      lastLine: expect.stringContaining('Real mode trampoline was not allocated') as string,
    });
    expect(status).toBe(1);
  });

  it('cannot be judged when user space hangs: the phase, the time, the last lines', async () => {
    await using temp = await makeTempDir();
    const folder = join(temp.path, 'results');
    const hang = ['--crashkernel', 'none', '--append', 'rdinit=/bin/cat', '--budget', '0.3'];
    const { status, document } = await check(folder, ['debian:6.12', ...hang]);
    expect(document.cells[0]?.verdict).toMatchObject({ kind: 'unjudged', code: 'E_DEADLINE' });
    expect(JSON.stringify(document.cells[0]?.verdict)).toContain(
      'Phase boot was not over after 27 s',
    );
    expect(JSON.stringify(document.cells[0]?.verdict)).toContain('Run /bin/cat as init process');
    expect(status).toBe(69);
    const [cell = ''] = (await readdir(folder, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(await readFile(join(folder, cell, 'jump/registers'), 'utf8')).toContain('RIP=');
    expect((await readFile(join(folder, cell, 'jump/low1m.bin'))).length).toBe(0x10_0000);
  });
});

describe('Ctrl-C', () => {
  it.each(['firmware', 'boot', 'load', 'capture', 'dump'])(
    'in phase %s leaves nothing behind',
    async (phase) => {
      await using temp = await makeTempDir();
      const folder = join(temp.path, 'results');
      const cell = startSub1m([
        'check',
        'debian:6.12',
        '--crashkernel',
        '256M',
        '--results',
        folder,
      ]);
      await cell.says(`: ${phase}\n`);
      cell.child.kill('SIGINT');
      const { status, stderr } = await cell.ended;
      expect(stderr).toContain('Interrupted');
      expect(status).toBe(130);
      expect(leftBehind(cell.child.pid)).toEqual([]);
      expect(await readdir(temp.path)).toEqual([]);
    },
  );

  it('and even a SIGKILL leaves no QEMU', async () => {
    await using temp = await makeTempDir();
    const cell = startSub1m(['check', 'debian:6.12', '--results', join(temp.path, 'results')]);
    await cell.says(': boot\n');
    cell.child.kill('SIGKILL');
    await cell.ended;
    await expect
      .poll(() => leftBehind(cell.child.pid).filter((left) => left.startsWith('process')))
      .toEqual([]);
  });
});
