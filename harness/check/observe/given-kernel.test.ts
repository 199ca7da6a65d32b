// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { physRange } from '../../memory/phys-range.ts';
import { type BundleSpec, buildEvidence } from '../testing/bundle-builder.ts';
import { findGivenKernel } from './given-kernel.ts';

const LOG = 'Linux version 6.12.43 (gcc) #1 SMP\n';

function given(bundle: BundleSpec): ReturnType<typeof findGivenKernel> {
  return findGivenKernel(buildEvidence(bundle));
}

function withLog(lines: readonly string[], append = ''): BundleSpec {
  return { spec: { append }, files: { 'system/dmesg': `${LOG}${lines.join('\n')}\n` } };
}

describe('what is particular to a kernel', () => {
  it.each([
    { release: '5.4.214', kernel: { debugKeepsBootServices: false, freesMemmapCopy: false } },
    {
      release: '5.10.262-amd64',
      kernel: { debugKeepsBootServices: true, mirrorsOnRequest: false },
    },
    { release: '5.15.100', kernel: { freesMemmapCopy: true, keepsLateMemmap: false } },
    { release: '6.1.0-50-amd64', kernel: { hearsEfiRuntime: true, mirrorsOnRequest: true } },
    { release: '7.3.4', kernel: { keepsLateMemmap: true, marksKern: true } },
  ])('follows from its release: $release', ({ release, kernel }) => {
    expect(given({ files: { 'system/release': `${release}\n` } }).kernel).toMatchObject(kernel);
  });

  it.each([
    { log: '', keepsLateMemmap: false },
    {
      log: 'Linux version 6.1.0-50-amd64 (gcc-12 12.2.0) #1 SMP Debian 6.1.176-1 (2026-10-01)',
      keepsLateMemmap: true,
    },
    {
      log: 'Linux version 6.1.0-9-amd64 (gcc-12 12.2.0) #1 SMP Debian 6.1.27-1 (2023-05-08)',
      keepsLateMemmap: false,
    },
  ])('follows from the version that its first line names: "$log"', ({ log, keepsLateMemmap }) => {
    const files = { 'system/release': '6.1.0-50-amd64\n', 'system/dmesg': log };
    expect(given({ files }).kernel).toMatchObject({ keepsLateMemmap, mirrorsOnRequest: true });
  });

  it.each([
    { symbols: 'of an older bundle', names: ['_text'], copiesMemmap: true, marksTables: true },
    {
      symbols: 'with it',
      names: ['efi_mem_reserve', 'efi_memmap_insert'],
      copiesMemmap: true,
    },
    { symbols: 'without it', names: ['efi_mem_reserve'], copiesMemmap: false },
    {
      symbols: 'that marks tables',
      names: ['efi_mem_reserve', 'efi_memmap_insert', 'memblock_reserved_mark_kern'],
      copiesMemmap: true,
      marksTables: true,
    },
  ])('follows from its symbols: efi_memmap_insert, in a list $symbols', (row) => {
    const kallsyms = row.names.map((name) => `ffffffff82000000 T ${name}\n`).join('');
    const files = { 'system/release': '7.2.13\n', 'system/kallsyms': kallsyms };
    const { copiesMemmap, marksTables = false } = row;
    expect(given({ files }).kernel).toMatchObject({ copiesMemmap, marksTables });
  });

  it('is not known without one', () => {
    expect(given({ files: { 'system/release': null } }).kernel).toBeNull();
  });

  it.each([
    { log: LOG, release: '6.12.43', disablesRuntime: false },
    { log: LOG, release: '6.12.43-rt-amd64', disablesRuntime: true },
    { log: LOG.replace('SMP', 'SMP PREEMPT_RT'), release: '6.12.43', disablesRuntime: true },
  ])(
    'is whether it does without runtime services: $release',
    ({ log, release, disablesRuntime }) => {
      const files = { 'system/dmesg': log, 'system/release': release };
      expect(given({ files }).disablesRuntime).toBe(disablesRuntime);
      const map = { 'system/efi-runtime-map': '0x5 0x800000000000000f 0x3f5ec000 0x100\n' };
      expect(given({ files: { ...files, ...map } }).disablesRuntime).toBe(false);
    },
  );

  it.each([
    { log: 'check: Scanning 1 areas for low memory corruption', append: '', size: 0x10000 },
    {
      log: 'check: Scanning 2 areas for low memory corruption',
      append: 'memory_corruption_check_size=640K',
      size: 0xa0000,
    },
    // A kernel without CONFIG_X86_CHECK_BIOS_CORRUPTION.
    { log: '', append: 'memory_corruption_check_size=640K', size: 0 },
  ])('is how much it checks for corruption: $append', ({ log, append, size }) => {
    expect(given(withLog([log], append)).corruptionCheckSize).toBe(size);
  });

  it.each([
    { append: 'kho=on', has: true, kexecHandover: true },
    { append: 'kho=y kho=0', has: true, kexecHandover: false },
    { append: 'kho=on', has: false, kexecHandover: false },
    { append: '', has: true, kexecHandover: false },
  ])('is who claims low memory: "$append", kho $has', ({ append, has, kexecHandover }) => {
    const symbol = has ? 'ffffffff82000000 T kho_is_enabled\n' : '';
    const kallsyms = `ffffffff81000000 T _text\n${symbol}`;
    const files = { 'system/kallsyms': kallsyms };
    expect(given({ spec: { append }, files })).toMatchObject({ kexecHandover, tdxHost: false });
    const tdx = withLog(['virt/tdx: BIOS enabled: private KeyID range [64, 128)']);
    expect(given(tdx).tdxHost).toBe(true);
  });
});

it.each([
  { line: 'Unknown kernel command line parameters "a movable_node", will be', has: false },
  { line: 'Unknown kernel command line parameters "movable_nodes", will be', has: true },
  { line: 'Kernel command line: movable_node', has: true },
])('tells whether a kernel knows movable_node: $line', ({ line, has }) => {
  expect(given(withLog([line])).hotplugsMemory).toBe(has);
});

describe('what a kernel with memblock=debug has reserved above 1 MiB', () => {
  const dump = (...regions: readonly string[]): string[] => [
    'MEMBLOCK configuration:',
    ' memory size = 0x000000003ff00000 reserved size = 0x0000000002000000',
    ' memory.cnt  = 0x1',
    ' memory[0x0]\t[0x0000000000001000-0x000000000009ffff], 0x000000000009f000 bytes flags: 0x0',
    ` reserved.cnt  = 0x${regions.length.toString(16)}`,
    ...regions,
  ];
  const region = (index: number, [start, end]: readonly [string, string], flags = 0): string =>
    ` reserved[0x${index.toString(16)}]\t[0x${start}-0x${end}], 0x1000 bytes flags: 0x${flags.toString(16)}`;
  const LOW = region(0, ['0000000000000000', '000000000000ffff']);
  const KERNEL = region(1, ['0000000034c00000', '00000000383fffff'], 0x20);

  it('is in its log, with what is marked as its own', () => {
    expect(given(withLog(dump(LOW, KERNEL))).reservedAbove1M).toEqual([
      { ...physRange(0x34c0_0000, 0x3840_0000), kern: true },
    ]);
  });

  it.each([
    { log: 'is not printed', lines: [] },
    { log: 'has lost its end', lines: dump(LOW, KERNEL).slice(0, -1) },
    { log: 'has lost a line', lines: dump(LOW, KERNEL).toSpliced(-2, 1) },
    {
      log: 'has a range that crosses 1 MiB',
      lines: dump(region(0, ['0000000000090000', '00000000001fffff'])),
    },
  ])('is unknown if the list $log', ({ lines }) => {
    expect(given(withLog(lines)).reservedAbove1M).toBeNull();
  });
});
