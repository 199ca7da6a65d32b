// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { parseDocument } from '../report/testing/documents.ts';
import {
  FAST_FIRMWARE,
  check,
  freePages,
  invariant,
  look,
  runCells,
} from '../testing/checked-cells.ts';
import { runSub1m } from '../testing/run-sub1m.ts';
import { TWO_PHASE, buildTwoPhase } from '../testing/source-kernel.ts';

interface LowPages {
  readonly lowmem: readonly { readonly class: string; readonly use: string | null }[];
}

/** Some files of it are compiled again, and the kernel is linked. */
const REBUILD_MS = 10 * 60_000;

const layouts = (...ids: readonly string[]): string[] => ids.flatMap((id) => ['--layout', id]);

buildTwoPhase();

describe('a recipe', () => {
  it('is built once', async () => {
    const { status, stdout, stderr } = await runSub1m(['build', TWO_PHASE]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^\/.*\/bzImage\n$/);
  });
});

describe('the two-phase series', () => {
  it('gives low memory out, but all of it to a crashkernel, and is captured', async () => {
    const { status, cells } = await check([TWO_PHASE, ...layouts('stock', 'thread-2021')]);
    expect(cells.map(freePages).map(({ length }) => length)).toEqual([137, 137, 0, 0]);
    expect(cells.map(({ trampoline }) => trampoline)).toEqual(Array(4).fill('0x99000'));
    for (const cell of cells.slice(2)) {
      expect(invariant(cell, 'kdump.captured')?.outcome).toBe('kept');
      expect(invariant(cell, 'kdump.vmcore-ranges')?.outcome).toBe('kept');
      expect(invariant(cell, 'kdump.vmcore-bytes')?.outcome).toBe('kept');
      expect(invariant(cell, 'kdump.confined')?.outcome).toBe('kept');
    }
    expect(status).toBe(0);
  });

  it('finds a place for the trampoline where other kernels panic, and starts the second CPU', async () => {
    const ids = layouts('synthetic-low-ebda-fragmented', 'synthetic-all-boot-services');
    const options = ['--crashkernel', 'none', '--cpus', '2', '--append', 'efi=debug'];
    const { status, cells } = await look([TWO_PHASE], ...ids, ...options);
    for (const cell of cells) expect(invariant(cell, 'boot.all-cpus')?.outcome).toBe('kept');
    expect(status).toBe(0);
  });
});

/** Fills memory with files in the place of `init`, until only what is kept for emergencies and low memory are left. */
const FILL = [
  'mkdir /proc /t; mount -t proc p /proc; mount -t tmpfs -o size=100% t /t',
  'while { read -r a b c; read -r a free c; } </proc/meminfo; [ $free -gt 9000 ]',
  'do n=$((n+1)); dd if=/bin/busybox of=/t/$n bs=1M count=1; done',
  'umount /proc; exec /init',
].join('; ');

describe('the pages below 1 MiB that the kernel has given out', () => {
  it('have users that the dump names, and none that the model does not know', async () => {
    await using temp = await makeTempDir();
    const results = join(temp.path, 'results');
    const append = `mem=256M rdinit=/bin/sh -- -c "${FILL}"`;
    const options = ['--crashkernel', 'none', '--append', append, '--results', results, '--json'];
    const { stdout } = await runSub1m(['check', TWO_PHASE, ...options, ...FAST_FIRMWARE]);
    const [cell] = parseDocument('run', stdout).cells;
    expect(cell?.verdict).toEqual({ kind: 'match' });
    const vmcore = join(cell?.bundle ?? '', 'vmcore');
    const { stdout: lowmem } = await runSub1m(['inspect', vmcore, '--lowmem', '--json']);
    const pages = (JSON.parse(lowmem) as LowPages).lowmem;
    expect(pages.filter(({ use }) => use === 'slab').length).toBeGreaterThan(0);
  });
});

describe('a seeded fault', () => {
  it(
    'is caught by the invariant that names it, and the kernel without it passes the same cell',
    async () => {
      await using temp = await makeTempDir();
      const path = join(temp.path, 'faults.json');
      const faults = [
        { name: 'pool-never-released', axes: { trigger: ['none'] }, caughtBy: ['lowmem.released'] },
        {
          name: 'elf-range-one-page-short',
          axes: { crashkernel: ['192M'] },
          caughtBy: ['kdump.vmcore-ranges'],
        },
      ];
      const seeded = { base: TWO_PHASE, faults };
      await writeFile(path, JSON.stringify({ schema: 1, seeded }));
      const { status, cells } = await runCells(['run', path]);
      expect(cells.map(({ fault }) => fault?.caught)).toEqual([
        undefined,
        undefined,
        ['lowmem.released'],
        ['kdump.vmcore-ranges'],
      ]);
      expect(cells.slice(0, 2).map(({ verdict }) => verdict.kind)).toEqual(['match', 'match']);
      expect(status).toBe(0);
    },
    REBUILD_MS,
  );
});
