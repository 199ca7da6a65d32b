// SPDX-License-Identifier: MIT
import { cp, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { elfHeaders } from '../vmcore/testing/elf-builder.ts';
import { elfCoreBytes, pageOf } from '../vmcore/testing/vmcore-builder.ts';
import { wholeKernel } from '../vmcore/testing/whole-kernel-builder.ts';
import { runSub1m } from '../testing/run-sub1m.ts';
import { projectPath } from '../project-root.ts';
import { removeVmcore } from '../runner/removed-vmcore.ts';
import { bytesSource } from '../vmcore/dump/byte-source.ts';
import { digestVmcore } from '../vmcore/vmcore-digest.ts';
import { packVmcore } from '../runner/unpack-vmcore.ts';

const WHOLE = elfCoreBytes([], [{ paddr: 0x10_0000, bytes: pageOf(1) }]);
const LOAD = { paddr: 0x1000, memoryBytes: 0x1000 };

// Each test starts a process, which takes a second or two.
describe('sub1m inspect', { timeout: 30_000 }, () => {
  it.each([
    {
      what: 'text',
      bytes: Buffer.from('no dump\n'.repeat(100)),
      says: 'Cannot read this file: expected a vmcore, found text ("no dump no dump no dump no dump no dump")',
    },
    {
      what: 'an ARM core',
      bytes: elfHeaders([LOAD], { machine: 40 }),
      says: 'Cannot read this ELF file: expected a 64-bit core file of x86-64, found one of ARM',
    },
    {
      what: 'a 32-bit core',
      bytes: elfHeaders([LOAD], { elfClass: 1, machine: 3 }),
      says: 'Cannot read this ELF file: expected a 64-bit core file of x86-64, found a 32-bit one, one of i386',
    },
    {
      what: 'a core cut in its headers',
      bytes: WHOLE.subarray(0, 100),
      says: 'Cannot read Elf64_Phdr: expected 8 bytes at offset 0x60, found 4',
    },
    {
      what: 'a core cut in its memory',
      bytes: WHOLE.subarray(0, 3000),
      says: 'Cannot read this dump: it is cut off after 3000 bytes, expected 1272 more',
    },
    {
      what: 'a core without VMCOREINFO',
      bytes: WHOLE,
      says: 'Cannot read the kernel: expected VMCOREINFO in the dump or in its memory, found none in 4 KiB of memory; dump a machine that has "-device vmcoreinfo"',
    },
  ])('refuses $what in one line, with 65', async ({ bytes, says }) => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'vmcore');
    await writeFile(path, bytes);
    const end = await runSub1m(['inspect', path]);
    expect(end).toEqual({ status: 65, stdout: '', stderr: `sub1m: ${says}\n` });
  });

  it('says that a packed dump is cut off, with 65', async () => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'vmcore');
    await writeFile(path, WHOLE);
    await packVmcore(path, new AbortController().signal);
    await truncate(`${path}.zst`, 20);
    const { status, stdout, stderr } = await runSub1m(['inspect', `${path}.zst`]);
    expect({ status, stdout }).toEqual({ status: 65, stdout: '' });
    expect(stderr).toBe(
      `sub1m: Cannot unpack ${path}.zst: expected a whole zstd file, zstd says "premature end"\n`,
    );
  });

  it('refuses an empty file with 65 and a missing one with 64', async () => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'vmcore');
    await writeFile(path, '');
    expect(await runSub1m(['inspect', path])).toEqual({
      status: 65,
      stdout: '',
      stderr: `sub1m: Cannot read ${path}: expected a vmcore, found an empty file\n`,
    });
    const absent = await runSub1m(['inspect', '/no/such/vmcore']);
    expect(absent).toMatchObject({ status: 64, stdout: '' });
    expect(absent.stderr).toContain('Cannot read /no/such/vmcore: ');
  });

  it('says on standard error that VMCOREINFO was found by a search', async () => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'vmcore');
    const { ram, lines } = wholeKernel();
    ram.write(`${[...lines, 'PAGESIZE=4096'].join('\n')}\n`, 0x30_0000, 'latin1');
    await writeFile(path, elfCoreBytes([], [{ paddr: 0, bytes: ram }]));
    const { status, stdout, stderr } = await runSub1m(['inspect', path, '--symbols', '^panic$']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'ffffffff80100008 T panic\n' });
    expect(stderr).toBe(
      'The dump has no VMCOREINFO: that of 6.12.0-test was found in 4 MiB of memory; ' +
        'a machine of QEMU tells it with "-device vmcoreinfo"\n',
    );
  });

  it('writes a packed dump unpacked to a new file, and to no other', async () => {
    await using temp = await makeTempDir();
    const [path, to] = [join(temp.path, 'vmcore'), join(temp.path, 'out')];
    await writeFile(path, WHOLE);
    await packVmcore(path, new AbortController().signal);
    const args = ['inspect', `${path}.zst`, '--write', to];
    const says = `Wrote ${to}: ${WHOLE.length} bytes\n`;
    expect(await runSub1m(args)).toEqual({ status: 0, stdout: '', stderr: says });
    expect(new Uint8Array(await readFile(to))).toEqual(new Uint8Array(WHOLE));
    const again = await runSub1m(args);
    expect(again).toMatchObject({ status: 64, stdout: '' });
    expect(again.stderr).toContain(`Cannot write ${to}: expected no such file, found one`);
  });

  it('says that a vmcore was removed, and by what', async () => {
    await using temp = await makeTempDir();
    const folder = join(temp.path, 'cell');
    await cp(projectPath('harness/testdata/5.10-256m'), folder, { recursive: true });
    const vmcore = join(folder, 'vmcore');
    await writeFile(vmcore, WHOLE);
    const digest = digestVmcore(bytesSource(WHOLE));
    const machine = { memoryMiB: 1024, cpus: 1 };
    await removeVmcore(vmcore, { folder, machine, keep: 'broken', digest });
    for (const named of [folder, vmcore]) {
      const { status, stderr } = await runSub1m(['inspect', named]);
      expect({ status, stderr }).toEqual({
        status: 65,
        stderr: `sub1m: Cannot read the vmcore of ${folder}: it was removed by --keep broken; run the cell again with --keep all\n`,
      });
    }
  });
});
