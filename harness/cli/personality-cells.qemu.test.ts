// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { check, freePages, invariant, look, words } from '../testing/checked-cells.ts';
import { runSub1m } from '../testing/run-sub1m.ts';

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

const THREAD_FREED = [...range(0x10, 0x13), ...range(0x63, 0x8e)];
const RELEASED = ['debian:6.1', 'debian:6.12', 'debian:newest'];

describe("the thread's map", () => {
  it('has 5.10 free boot services although crashkernel locks low memory, and 6.12 not', async () => {
    const { status, cells } = await check([
      ...words('debian:5.10 debian:6.12 --layout thread-2021 --crashkernel 192M'),
    ]);
    const [old, recent] = cells;
    expect(old?.verdict).toEqual({ kind: 'mismatch', broken: ['lowmem.locked'] });
    expect(freePages(old)).toEqual(THREAD_FREED);
    const locked = invariant(old, 'lowmem.locked');
    expect(locked?.pages).toEqual(['0x10-0x13', '0x63-0x8e']);
    expect(locked?.why).toContain(
      'freed by efi_free_boot_services although crashkernel locks low memory',
    );
    expect(locked?.why).toContain('Do not release sub-1MB memory regions');
    expect(invariant(old, 'lowmem.matches-model')?.outcome).toBe('kept');
    expect(recent?.verdict).toEqual({ kind: 'match' });
    expect(invariant(recent, 'lowmem.untouched')?.outcome).toBe('kept');
    expect(status).toBe(1);
  });

  it('is free without crashkernel on 5.10, and the firmware may fail to go virtual', async () => {
    const layouts = ['thread-2021', 'synthetic-set-virtual-address-map-fails'];
    const { cells } = await look(
      ['debian:5.10'],
      ...words('--crashkernel none'),
      ...layouts.flatMap((id) => ['--layout', id]),
    );
    expect(cells.map(({ verdict }) => verdict)).toEqual([{ kind: 'match' }, { kind: 'match' }]);
    expect(freePages(cells[0])).toEqual(range(0x10, 0x98));
    const free = new Set(THREAD_FREED);
    expect(freePages(cells[1])).toEqual(range(0x10, 0x98).filter((page) => !free.has(page)));
  });
});

describe('an extended BIOS data area at 0x2c000', () => {
  it('gives the trampoline to the start of boot services, with two CPUs', async () => {
    const axes = ['--layout', 'synthetic-low-ebda', '--crashkernel', 'none', '--cpus', '2'];
    const { status, cells } = await look(RELEASED, ...axes);
    expect(cells.map(({ trampoline }) => trampoline)).toEqual(['0x10000', '0x10000', '0x10000']);
    expect(cells.flatMap(freePages)).toEqual([]);
    expect(status).toBe(0);
  });

  it.each([
    ['synthetic-low-ebda', 'efi=debug'],
    ['synthetic-low-ebda-fragmented', ''],
    ['synthetic-all-boot-services', 'efi=debug'],
  ])(
    'leaves it no place in %s with %s: a panic that the model predicts',
    async (layout, append) => {
      const axes = ['--layout', layout, '--crashkernel', 'none', '--append', append];
      const { status, cells } = await look(RELEASED, ...axes);
      expect(cells).toHaveLength(3);
      for (const cell of cells) {
        expect(cell.verdict.kind).toBe('boot-failure');
        const { outcome, why } = invariant(cell, 'boot.userspace') ?? {};
        expect(outcome).toBe('broken');
        expect(why).toContain('Real mode trampoline was not allocated');
        // A kernel that died shows only its version, which may fit either; their owners are the same.
        expect(why).toMatch(/; the model of reserve-1m(-deferred)? predicts this: /);
      }
      expect(status).toBe(1);
    },
  );

  it('is no matter without runtime services', async () => {
    const axes = ['--layout', 'synthetic-low-ebda', '--append', 'efi=noruntime'];
    const { cells } = await look(['debian:6.12'], '--crashkernel', 'none', ...axes);
    expect(cells[0]).toMatchObject({ verdict: { kind: 'match' }, trampoline: '0x25000' });
  });

  it('leaves 5.10 a trampoline in the first 64 KiB, or no lock at all', async () => {
    const debug = ['--layout', 'synthetic-low-ebda', '--append', 'efi=debug'];
    const { cells } = await look(['debian:5.10'], '--crashkernel', 'none', ...debug);
    expect(cells[0]).toMatchObject({ verdict: { kind: 'match' }, trampoline: '0xa000' });
    expect(freePages(cells[0])).toEqual(range(0x28, 0x2b));

    const noLock = ['--layout', 'synthetic-boot-services-from-0x1000', '--crashkernel', '128M'];
    const [unlocked] = (await look(['debian:5.10'], ...noLock)).cells;
    expect(unlocked?.trampoline).toBe('0x1000');
    expect(freePages(unlocked)).toEqual(range(0x07, 0x2b));
    expect(unlocked?.verdict).toEqual({ kind: 'mismatch', broken: ['lowmem.locked'] });
  });
});

describe('boot services in the first 64 KiB', () => {
  it('are only tagged by kernels that reserve it early', async () => {
    const layouts = [
      'synthetic-boot-services-from-0x8000',
      'synthetic-boot-services-code-from-0x0',
    ];
    const { status, cells } = await look(
      ['debian:6.12'],
      ...words('--crashkernel none'),
      ...layouts.flatMap((id) => ['--layout', id]),
    );
    expect(cells.map(({ trampoline }) => trampoline)).toEqual(['0x98000', '0x98000']);
    expect(cells.flatMap(freePages)).toEqual([]);
    expect(status).toBe(0);
  });
});

describe('defects of released kernels', () => {
  it("free a page of the kernel's own copy of the EFI memory map, for an ESRT and a boot logo", async () => {
    const axes = ['--layout', 'synthetic-esrt-and-bgrt', '--crashkernel', '256M'];
    const { status, cells } = await look(['debian:6.12/amd64'], ...axes);
    expect(cells[0]?.verdict).toEqual({ kind: 'mismatch', broken: ['lowmem.locked'] });
    expect(invariant(cells[0], 'lowmem.locked')?.why).toContain('freed by efi_memmap_install');
    expect(status).toBe(1);
  });

  it('write into the memory that they are to dump: 7.3 clears the EFI initrd table', async () => {
    // The table lies where the firmware put it: with a saved firmware nobody uses that page, and in one boot of nine
    // nobody did with a fresh one.
    const axes = ['--crashkernel', '256M', '--fresh-firmware', '--repeat', '3'];
    const { status, cells } = await check(['debian:7.3', ...axes]);
    const broken = ['kdump.vmcore-bytes', 'kdump.confined'];
    const shown = cells.filter(({ verdict }) => verdict.kind !== 'match');
    expect(shown).not.toEqual([]);
    for (const { verdict } of shown) expect(verdict).toEqual({ kind: 'mismatch', broken });
    const confined = invariant(shown[0], 'kdump.confined');
    expect(confined?.why).toMatch(/1 page \(0x\w+\) .* changed; in it is the EFI table INITRD=0x/);
    expect(status).toBe(1);
  });

  it("free memblock's own list of reserved ranges, for many boot services", async () => {
    const axes = ['--layout', 'synthetic-many-boot-services', '--crashkernel', '256M'];
    const { status, cells } = await look(RELEASED, ...axes);
    for (const cell of cells) {
      expect(cell.verdict).toEqual({ kind: 'mismatch', broken: ['lowmem.locked'] });
      expect(freePages(cell)).toEqual([0x9d, 0x9e]);
      expect(cell.trampoline).toBe('0x96000');
      expect(invariant(cell, 'lowmem.locked')?.why).toContain('freed by memblock_discard');
    }
    expect(status).toBe(1);
  });

  it('lose reservations where that list has no room to grow', async () => {
    // With KASLR the kernel may lack room for page tables, and die of that first. One whose memory is used twice may also
    // hang in user space, which is unjudged: seen once in some thirty runs.
    const axes = [
      '--crashkernel',
      'none',
      '--append',
      'nokaslr',
      '--repeat',
      '2',
      '--fresh-firmware',
    ];
    const layout = ['--layout', 'synthetic-many-boot-services-no-room'];
    const { cells } = await look(['debian:6.12'], ...layout, ...axes);
    for (const { verdict } of cells) expect(['boot-failure', 'unjudged']).toContain(verdict.kind);
    const died = cells.find(({ verdict }) => verdict.kind === 'boot-failure');
    // What it dies of depends on whose memory is used twice.
    expect(died?.verdict).toMatchObject({
      lastLine: expect.stringMatching(/Attempted to kill init!|BUG: Bad page state/) as string,
    });
    expect(invariant(died, 'boot.userspace')?.why).toContain('predicts this');
  });
});

describe('memory of the firmware', () => {
  // Runtime services, reserved and NVS ranges among free memory.
  it.each([
    ['debian:6.12', ['x1c7', 'fs-57114705173']],
    ['debian:5.10', ['dell-inc-inspiron-15-3552-0c004y', 'fs-56789039995', 'trx40']],
  ])('is untouched when %s crashes and is captured', async (kernel, layouts) => {
    const axes = layouts.flatMap((id) => ['--layout', id]);
    const { cells } = await check([kernel, '--crashkernel', '256M', ...axes]);
    for (const cell of cells) {
      expect(invariant(cell, 'lowmem.firmware-kept')?.outcome).toBe('kept');
      expect(invariant(cell, 'lowmem.untouched')?.outcome).toBe('kept');
      expect(invariant(cell, 'kdump.captured')?.outcome).toBe('kept');
      expect(invariant(cell, 'lowmem.matches-model')?.outcome).toBe('kept');
    }
  });
});

describe('the map that the kernel prints', () => {
  it('is the layout, with each generation of OVMF', async () => {
    await using temp = await makeTempDir();
    const results = join(temp.path, 'results');
    const firmware = ['2020.11', '2022.11', '2025.02', '2026.08'];
    const { status, stderr } = await runSub1m([
      ...words('check debian:6.12 --crashkernel none --trigger none --cpus 2'),
      ...words('--layout thread-2021 --append efi=debug --results'),
      results,
      ...firmware.flatMap((version) => ['--ovmf', `debian:${version}`]),
    ]);
    expect(stderr).not.toContain('Cannot');
    expect(status).toBe(0);
    const document = await readFile(join(results, 'run.json'), 'utf8');
    const { cells } = parseDocument('run', document);
    expect(cells).toHaveLength(4);
    for (const { bundle } of cells) {
      // Not the console: a busy machine may lose a line there.
      const log = await readFile(join(bundle, 'system/dmesg'), 'latin1');
      // The kernel prints the map again, with what it made of it.
      const [given = ''] = log.split('EFI runtime memory map:');
      const low = given.matchAll(
        /efi: mem\d+: \[(\w+ ?\w*) *\|.*range=\[0x0{11}(\w{5})-0x0{11}(\w{5})\]/g,
      );
      expect(Array.from(low, ([, type, from, to]) => `${from}-${to} ${type?.trim()}`)).toEqual([
        '00000-0ffff Conventional',
        '10000-13fff Boot Data',
        '14000-62fff Conventional',
        '63000-8efff Boot Data',
        '8f000-9ffff Conventional',
      ]);
    }
  });
});
