// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { lowMemoryLines } from './low-memory-log.ts';

describe('lowMemoryLines', () => {
  it.each([
    {
      line: '[    0.766849] x86/low_pool: trampoline claims [mem 0x99000-0x9efff]',
      says: 'x86/low_pool: trampoline claims [mem 0x99000-0x9efff]',
    },
    {
      line: '[    1.004645][    T1] x86/low_pool: released 137 pages',
      says: 'x86/low_pool: released 137 pages',
    },
    {
      line: '[    0.000000]   DMA      [mem 0x0000000000001000-0x0000000000ffffff]',
      says: '  DMA      [mem 0x0000000000001000-…]',
    },
    {
      line: '[    0.000000] e820: remove [mem 0x000a0000-0x000fffff] usable',
      says: 'e820: remove [mem 0x000a0000-0x000fffff] usable',
    },
    {
      line: '[    0.00] crashkernel reserved: 0x000000002b000000 - 0x000000003b000000 (256 MB)',
      says: 'crashkernel reserved: … - … (256 MB)',
    },
    {
      line: '[    0.00] Reserving 256MB of memory at 512MB for crashkernel (System RAM: 1017MB)',
      says: 'Reserving 256MB of memory at … for crashkernel (System RAM: 1017MB)',
    },
    {
      line: '[ 0.0] memblock_reserve: [0x0000000000087000-0x0000000000087fff] efi_reserve+0x8f/0x1d0',
      says: 'memblock_reserve: [0x0000000000087000-0x0000000000087fff] efi_reserve',
    },
    {
      line: '[    0.1] real_mode_header at ffff93e3c0099000, 00000000a1b2c3d4',
      says: 'real_mode_header at …, …',
    },
    {
      line: '[    2.5] WARNING: CPU: 1 PID: 17 at mm/page_alloc.c:1234 free_one_page+0x12/0x340',
      says: 'WARNING: CPU: … PID: … at mm/page_alloc.c:… free_one_page',
    },
    {
      line: '[    2.5] BUG: Bad page state in process swapper/0  pfn:00098',
      says: 'BUG: Bad page state in process swapper/0  pfn:00098',
    },
  ])('keeps of "$line" what is the same at every boot', ({ line, says }) => {
    expect(lowMemoryLines(line)).toEqual([says]);
  });

  it.each([
    '[    0.000000] ACPI: LAPIC_NMI (acpi_id[0xff] dfl dfl lint[0x1])',
    '[    0.869113] Memory: 959500K/1041972K available (6144K kernel code, 80828K reserved)',
    '[    1.048736] efi: Freeing EFI boot services memory: 42488K',
    '[    0.000000] RAMDISK: [mem 0x3d20d000-0x3d81dfff]',
    '[    0.016424] Calibrating delay loop (skipped).. 4890.81 BogoMIPS (lpj=9781636)',
    '[    0.077346] x86/fpu: Supporting XSAVE feature 0x001: "x87 floating point registers"',
    '[    3.1] hrtimer: interrupt took 1234567 ns',
    '[    0.2] Trampoline variant of Tasks RCU enabled.',
    '',
  ])('has nothing of "%s"', (line) => {
    expect(lowMemoryLines(line)).toEqual([]);
  });

  it('gives each line once', () => {
    const line = 'x86/low_pool: released 1 page';
    expect(lowMemoryLines(`[ 0.1] ${line}\n[ 0.2] ${line}\n`)).toEqual([line]);
  });

  it('is bounded, whatever a guest writes', () => {
    const log = Array.from({ length: 5000 }, (_, nr) => `trampoline ${nr} ${'x'.repeat(5000)}`);
    const lines = lowMemoryLines(log.join('\n'));
    expect([lines.length, lines[0]?.length]).toEqual([1000, 1024]);
  });
});
