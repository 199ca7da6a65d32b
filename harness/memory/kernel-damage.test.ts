// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { findDamage } from './kernel-trouble.ts';

it.each([
  '[    0.1] BUG: unable to handle page fault for address: ffffffffff600000',
  '[    0.1] BUG: kernel NULL pointer dereference, address: 0000000000000000',
  '[    0.1] BUG: Bad page state in process swapper/0  pfn:00098',
  '[    0.1] BUG: KASAN: use-after-free in kfree+0x1/0x2',
  '[    0.1] Oops: 0000 [#1] SMP NOPTI',
  '[    0.1] Oops: Oops: 0002 [#1] SMP NOPTI',
  '[    0.1] invalid opcode: 0000 [#1] SMP',
  '[    0.1] kernel BUG at mm/page_alloc.c:1234!',
  '[    0.1] general protection fault, probably for non-canonical address 0xcccccccccccccccc',
  '[    0.1] traps: init[1] general protection fault ip:401000 sp:7ffc error:0',
  '[    0.1] double fault: 0000 [#1] SMP',
  '[    0.1] list_add corruption. next->prev should be prev',
  '[    0.1] list_del corruption, ffff->next is LIST_POISON1 (dead000000000100)',
  '[    0.1] Redzone overwritten',
  '[    0.1] pagealloc: memory corruption',
  '[    0.1] Kernel panic - not syncing: corrupted stack end detected inside scheduler',
  '[    0.1] Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: f',
])('%s', (line) => {
  expect(findDamage(`[    0.0] Linux version 6.12\n${line}\r\n[    0.2] more\n`, null)).toBe(line);
});

it.each([
  'watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [swapper/0:1]',
  'BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 30s!',
  'BUG: MAX_LOCKDEP_ENTRIES too low!',
  'rcu: INFO: rcu_sched detected stalls on CPUs/tasks:',
  'WARNING: CPU: 0 PID: 1 at kernel/smp.c:1 f+0x1/0x2',
  'Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100',
])('is not: %s', (line) => {
  expect(findDamage(`[    0.1] ${line}\n`, null)).toBeNull();
});

it('is not the panic that the cell triggers, nor anything after it', () => {
  const panic = 'Kernel panic - not syncing: sysrq triggered crash';
  const log = `[ 5.9] ${panic}\n[ 6.0] BUG: Bad page state\n`;
  expect(findDamage(log, panic)).toBeNull();
  expect(findDamage(log, null)).toBe(`[ 5.9] ${panic}`);
  expect(findDamage(`[ 1.0] BUG: first\n${log}`, panic)).toBe('[ 1.0] BUG: first');
});

it('looks at the first KiB of a line alone', () => {
  expect(findDamage(`${'x'.repeat(1024)}BUG: late\n`, null)).toBeNull();
});
