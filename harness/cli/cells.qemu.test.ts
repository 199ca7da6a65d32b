// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { parseDocument } from '../report/testing/documents.ts';
import {
  FAST_FIRMWARE,
  type Run,
  check,
  invariant,
  runCells,
  words,
} from '../testing/checked-cells.ts';
import { leftBehind, runSub1m, startSub1m } from '../testing/run-sub1m.ts';

function isReserved({ observed }: Run['cells'][number]['pages'][number]): boolean {
  return observed === 'reserved';
}

describe('an old kernel', () => {
  it('leaves low memory free without crashkernel and locks it with, and judge says so again', async () => {
    await using temp = await makeTempDir();
    const folder = join(temp.path, 'results');
    const history = join(temp.path, 'history.jsonl');
    const named = ['--results', folder, '--history', history];
    const run = await runSub1m([...words('check debian:5.10 --json'), ...named]);
    const { summary, cells } = parseDocument('run', run.stdout);
    const [without, locked] = cells;
    expect(summary).toEqual({ match: 2, mismatch: 0, unjudged: 0, known: 0 });
    expect(run.status).toBe(0);
    const free = without?.pages.flatMap(({ predicted }, page) =>
      predicted === 'free' ? [page] : [],
    );
    expect([free?.[0], free?.at(-1), free?.length]).toEqual([16, 152, 137]);
    expect(without?.trampoline).toBe('0x99000');
    expect(locked?.pages.every(isReserved)).toBe(true);

    const lines = (await readFile(history, 'utf8')).trimEnd().split('\n');
    const noted = lines.map((line) => parseDocument('history-line', line));
    expect(noted.map(({ cell, accel, verdict: { counted } }) => [cell, accel, counted])).toEqual(
      cells.map(({ id, accel }) => [id, accel, 'match']),
    );
    expect(new Set(noted.map(({ kernel }) => kernel.image)).size).toBe(1);

    // A PATH with node alone: there is no QEMU to be found.
    const again = await runSub1m(['judge', folder, '--json'], { PATH: dirname(process.execPath) });
    expect(parseDocument('run', again.stdout).cells).toEqual(cells);
    expect(again.status).toBe(0);
  });
});

describe('the model', () => {
  it('predicts the bug of the thread: 5.10 frees a page of boot services in spite of its lock', async () => {
    // Debian 12's own firmware has boot services at page 0x87.
    const axes = words('--crashkernel 256M --cpus 2 --vmcore none');
    const { status, cells } = await runCells(['check', 'debian:5.10', ...axes]);
    expect(cells[0]?.verdict).toEqual({ kind: 'mismatch', broken: ['lowmem.locked'] });
    expect(cells[0]?.pages[0x87]?.predicted).toBe('free');
    expect(invariant(cells[0], 'lowmem.locked')?.why).toContain(
      'freed by efi_free_boot_services although crashkernel locks low memory',
    );
    expect(status).toBe(1);
  });

  it('predicts what memblock=debug prints of low memory, line by line', async () => {
    const kernels = words('debian:5.10 debian:6.12 debian:newest');
    const axes = words('--crashkernel none --cpus 2 --jobs 1 --append');
    const { cells } = await check([...kernels, ...axes, 'memblock=debug efi=debug']);
    expect(cells).toHaveLength(3);
    for (const cell of cells) {
      expect(cell.verdict).toEqual({ kind: 'match' });
      const { why } = invariant(cell, 'lowmem.matches-model') ?? {};
      expect(why).toMatch(/, by the same \d calls of memblock$/);
    }
  });
});

describe('a new kernel', () => {
  it('matches with two CPUs, the other load syscall, and a panic by serial BREAK', async () => {
    const axes = words('--crashkernel 256M --cpus 2 --load kexec_load --trigger serial-break');
    const { status, cells } = await check(['debian:6.12', ...axes]);
    expect(cells[0]?.verdict).toEqual({ kind: 'match' });
    expect(cells[0]?.pages.every(isReserved)).toBe(true);
    expect(status).toBe(0);
  });

  it('breaks kdump.reserved when it is asked for more crashkernel than there is memory', async () => {
    const { status, cells } = await check(words('debian:6.12 --crashkernel 3G'));
    expect(cells[0]?.verdict).toMatchObject({
      kind: 'mismatch',
      broken: expect.arrayContaining(['kdump.reserved']) as string[],
    });
    expect(status).toBe(1);
  });

  it('is a boot failure when it panics before user space', async () => {
    const axes = words('--crashkernel none --append memmap=0x9f000$0x1000');
    const { status, cells } = await check(['debian:6.12', ...axes]);
    expect(cells[0]?.verdict).toMatchObject({
      kind: 'boot-failure',
      lastLine: expect.stringContaining('Real mode trampoline was not allocated') as string,
    });
    expect(status).toBe(1);
  });

  it('cannot be judged when user space hangs: the phase, the time, the last lines', async () => {
    await using temp = await makeTempDir();
    const folder = join(temp.path, 'results');
    const hang = words('--crashkernel none --append rdinit=/bin/cat --budget 0.3 --json --results');
    const run = await runSub1m(['check', 'debian:6.12', ...hang, folder, ...FAST_FIRMWARE]);
    const [cell] = parseDocument('run', run.stdout).cells;
    expect(cell?.verdict).toMatchObject({ kind: 'unjudged', code: 'E_DEADLINE' });
    const verdict = JSON.stringify(cell?.verdict);
    expect(verdict).toContain('Phase boot was not over after 27 s');
    expect(verdict).toContain('Run /bin/cat as init process');
    expect(run.status).toBe(69);
    const bundle = join(folder, cell?.id ?? '');
    expect(await readFile(join(bundle, 'dead/registers'), 'utf8')).toContain('RIP=');
    expect((await readFile(join(bundle, 'dead/low1m.bin'))).length).toBe(0x10_0000);
  });
});

describe('Ctrl-C', () => {
  it.each(['firmware', 'boot', 'load', 'capture', 'dump'])(
    'in phase %s leaves nothing behind',
    async (phase) => {
      await using temp = await makeTempDir();
      const axes = ['--crashkernel', '256M', '--results', join(temp.path, 'results')];
      const cell = startSub1m(['check', 'debian:6.12', ...axes, ...FAST_FIRMWARE]);
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
