// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { findTrouble, saysDmaPool } from './kernel-trouble.ts';

/** Lines as kernels print them, and what each is. */
const LINES: readonly (readonly [what: string, line: string])[] = [
  [
    'a failed allocation of pages',
    'swapper/0: page allocation failure: order:5, mode:0xcc1(GFP_KERNEL|GFP_DMA), nodemask=(null),cpuset=/,mems_allowed=0',
  ],
  [
    'a failed allocation of virtual memory',
    'insmod: vmalloc error: size 8192, failed to allocated page array size 16, mode:0xcc2',
  ],
  [
    'a failed allocation of virtual memory',
    'modprobe: vmalloc: allocation failure, allocated 4096 of 8192 bytes, mode:0xd2',
  ],
  [
    'a failed allocation by SLUB',
    'SLUB: Unable to allocate memory on node -1, gfp=0xcc1(GFP_KERNEL|GFP_DMA)',
  ],
  [
    'a failed allocation of per-CPU memory',
    'percpu: allocation failed, size=8 align=8 atomic=0, alloc from reserved chunk failed',
  ],
  [
    'a DMA pool that could not be made',
    'DMA: failed to allocate 128 KiB GFP_KERNEL|GFP_DMA pool for atomic allocation',
  ],
  ['no memory for the bounce buffers', 'software IO TLB: Cannot allocate buffer'],
  [
    'a process killed for want of memory',
    'init invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0',
  ],
  ['a process killed for want of memory', 'Out of memory: Killed process 61 (makedumpfile)'],
  ['an initramfs that could not be unpacked', 'Initramfs unpacking failed: write error'],
  ['a warning', 'WARNING: CPU: 0 PID: 1 at arch/x86/mm/ioremap.c:210 __ioremap_caller+0x2cd/0x330'],
  ['a warning', 'WARNING: mm/page_alloc.c:4017 at warn_alloc+0x1/0x2, CPU#0: swapper/0/1'],
  ['a warning', 'WARNING: possible circular locking dependency detected'],
  ['a bug', 'BUG: Bad page state in process swapper  pfn:00010'],
  ['a bug', 'BUG: unable to handle page fault for address: ffff888000010000'],
  ['a bug', 'kernel BUG at mm/memblock.c:1234!'],
  ['an oops', 'Oops: 0002 [#1] SMP NOPTI'],
  ['an oops', 'general protection fault, probably for non-canonical address: 0000 [#1] SMP'],
  ['an oops', 'invalid opcode: 0000 [#1] PREEMPT SMP NOPTI'],
  ['an object that was overwritten', 'BUG kmalloc-64 (Tainted: G    B): Left Redzone overwritten'],
  ['a lock that lockdep does not know', 'INFO: trying to register non-static key.'],
  ['a corrupted list', 'list_del corruption. prev->next should be ffff888000010008, but was 0'],
  ['undefined behaviour', 'UBSAN: array-index-out-of-bounds in mm/memblock.c:99:3'],
  [
    'an interrupt that nobody handles',
    'irq 11: nobody cared (try booting with the "irqpoll" option)',
  ],
];

describe('findTrouble()', () => {
  it.each(LINES)('finds %s: %s', (what, line) => {
    expect(findTrouble(`[    0.1] fine\n[    1.053715] ${line}\n`)).toMatchObject([{ what, line }]);
  });

  it.each([
    'DMA: preallocated 128 KiB GFP_KERNEL|GFP_DMA pool for atomic allocations',
    'tsc: Unable to calibrate against PIT',
    'PCI: Using host bridge windows from ACPI; if necessary, use "pci=nocrs" and report a bug',
    'watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [swapper/0:1]',
    'BUG: MAX_LOCKDEP_ENTRIES too low!',
    'BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 30s!',
    'rcu: INFO: rcu_sched self-detected stall on CPU',
    'INFO: task init:1 blocked for more than 120 seconds.',
    'sched: RT throttling activated',
    'hpet: Warning, something',
  ])('finds nothing in: %s', (line) => {
    expect(findTrouble(`[    1.0] ${line}\n`)).toEqual([]);
  });

  it.each([
    [
      'the time, the process and the address',
      '[    1.0] WARNING: CPU: 0 PID: 1 at mm/a.c:10 f+0x1/0x2',
      '[   12.3][    T9] WARNING: CPU: 1 PID: 99 at mm/a.c:10 f+0x3/0x4',
    ],
    [
      'who asked for memory',
      '[    1.0] swapper/0: page allocation failure: order:5, mode:0xcc1',
      '[    2.0] kworker/u2:2: page allocation failure: order:0, mode:0xcc1',
    ],
  ])('tells lines apart without %s', (_what, one, other) => {
    expect(findTrouble(`${one}\n${other}\n`)).toHaveLength(1);
  });

  it('tells warnings of two places apart', () => {
    const log = ['mm/a.c:10', 'mm/a.c:20', 'mm/b.c:10'].map((place) => `WARNING: at ${place}\n`);
    expect(findTrouble(log.join(''))).toHaveLength(3);
  });

  it('is bounded, whatever a guest prints', () => {
    const log = Array.from({ length: 300 }, (_, at) => `WARNING: at x${'y'.repeat(at + 1)}.c:1\n`);
    expect(findTrouble(log.join(''))).toHaveLength(256);
    const [long] = findTrouble(`WARNING: \u001b[31m${'z'.repeat(100_000)}`);
    expect(long?.line).toBe(`WARNING: ${'z'.repeat(1010)}`);
  });
});

it.each([
  ['GFP_KERNEL|GFP_DMA pool', true],
  ['GFP_KERNEL pool', false],
  ['GFP_KERNEL|GFP_DMA32 pool', false],
])('tells from the pool for %s that there is one for GFP_DMA: %s', (pool, says) => {
  expect(saysDmaPool(`[ 1.0] DMA: preallocated 128 KiB ${pool} for atomic allocations\n`)).toBe(
    says,
  );
});
