// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { Bundle } from '../../bundle/bundle.ts';
import { buildBundle, diedSaying, ended, overran } from '../testing/bundle-builder.ts';
import { Evidence } from './evidence.ts';
import { findEmulatorFault } from './emulator-fault.ts';
import { judgeBundle } from '../judge-bundle.ts';

const oops = (eflags: string): string =>
  `[    1.463495] traps: PANIC: double fault, error_code: 0x0
[    1.463495] RSP: 0000:ffffffff8f203d80 EFLAGS: ${eflags}
[    1.463495] Kernel panic - not syncing: Fatal exception in interrupt
`;

const FIRST_LINE = '[    0.000000] Linux version 6.12.117\n';

/** As 6.12.118 printed it under QEMU 7.2, with two CPUs: `sched_clock_tick()` has a static key there. */
const int3 = (byte: string, oopses = '#1'): string =>
  `[    6.153452] Oops: int3: 0000 [${oopses}] PREEMPT SMP NOPTI
[    6.154602] RIP: 0010:sched_clock_tick+0x5/0xd0
[    6.155186] Code: cc cc cc e8 dd fc ff ff 90 66 0f 1f 00 ${byte} <90> c3 cc cc cc cc 0f 
[    6.155334] RSP: 0018:ff714d8900114eb0 EFLAGS: 00000082
[    6.204105] Kernel panic - not syncing: Fatal exception in interrupt
`;

/** A cell whose kernel died at boot. */
function died(log: string, accel: 'kvm' | 'tcg' = 'tcg', cpus = 2): Bundle {
  const bundle = buildBundle({
    spec: { cpus },
    outcome: ended('boot'),
    files: diedSaying(FIRST_LINE + log),
  });
  const machine = {
    qemu: { binary: 'qemu', version: '7.2' },
    ovmf: { code: 'code', sha256: '0' },
    accel: { kind: accel, why: 'a test' },
    firmware: { kind: 'fresh', why: 'a test' } as const,
  };
  return { ...bundle, cell: { ...bundle.cell, machine } };
}

describe('an oops under TCG', () => {
  it('with flags that no CPU has is no fault of the kernel', () => {
    const bundle = died(oops('9a179a42'));
    const { verdict, invariants } = judgeBundle(bundle, undefined);
    expect(verdict).toEqual({
      kind: 'unjudged',
      code: 'E_EMULATOR',
      why: "The kernel died with EFLAGS 9a179a42, which no CPU can have: QEMU's TCG emulated it wrongly; run the cell again",
    });
    expect(invariants.find(({ id }) => id === 'boot.userspace')?.outcome).toBe('unseen');
  });

  it.each(['00010002', '00010246', '003f7fd7'])('with EFLAGS %s is', (eflags) => {
    const bundle = died(oops(eflags));
    expect(findEmulatorFault(new Evidence(bundle))).toBeNull();
    expect(judgeBundle(bundle, undefined).verdict.kind).toBe('boot-failure');
  });

  it.each([
    ['bit 1 clear', '00010240'],
    ['bit 3 set', '0000000a'],
    ['bit 5 set', '00000022'],
    ['bit 15 set', '00008002'],
    ['bit 22 set', '00400002'],
    ['bit 31 set', '80000002'],
  ])('with %s is not', (_what, eflags) => {
    expect(findEmulatorFault(new Evidence(died(oops(eflags))))).toContain(`EFLAGS ${eflags}`);
  });

  it('is judged by its first flags, and by the last kernel', () => {
    expect(findEmulatorFault(new Evidence(died(oops('00010246') + oops('9a179a42'))))).toBeNull();
    const captured = oops('9a179a42') + FIRST_LINE;
    expect(findEmulatorFault(new Evidence(died(captured)))).toBeNull();
  });
});

describe('an oops of an INT3 under TCG', () => {
  it('that is not there is no fault of the kernel', () => {
    expect(judgeBundle(died(int3('66')), undefined).verdict).toEqual({
      kind: 'unjudged',
      code: 'E_EMULATOR',
      why: "The kernel died of an INT3 where 66 is, which no CPU fetches: QEMU's TCG emulated it wrongly; run the cell again",
    });
  });

  it.each([
    ['that is there', died(int3('cc'))],
    ['of the only CPU', died(int3('66'), 'tcg', 1)],
    ['after another oops', died(oops('00010246') + int3('66', '#2'))],
    ['whose code is not shown', died('[    6.153452] int3: 0000 [#1] SMP\n')],
  ])('%s is', (_what, bundle) => {
    expect(findEmulatorFault(new Evidence(bundle))).toBeNull();
    expect(judgeBundle(bundle, undefined).verdict.kind).toBe('boot-failure');
  });
});

it.each([oops('9a179a42'), int3('66')])('blames the kernel under KVM whatever it says', (log) => {
  expect(findEmulatorFault(new Evidence(died(log, 'kvm')))).toBeNull();
});

describe('a machine that lost a timer', () => {
  /** As 6.12 printed it under QEMU 7.2, with two CPUs on a busy host. */
  const STALL =
    "[   67.775] rcu: rcu_preempt kthread timer wakeup didn't happen for 5235 jiffies! g-1115 f0x0\n";

  const late = (log: string): Bundle =>
    buildBundle({
      outcome: overran('boot', 60_000),
      files: { 'console.log': FIRST_LINE + log },
    });

  it('makes a cell that is late unjudged, which is run again', () => {
    const { verdict } = judgeBundle(late(STALL), undefined);
    expect(verdict).toMatchObject({ kind: 'unjudged', code: 'E_TIMER' });
    expect(JSON.stringify(verdict)).toContain('Phase boot was not over after 60 s');
    expect(judgeBundle(late(''), undefined).verdict.kind).toBe('boot-failure');
  });

  it('is no excuse for a kernel that is damaged, nor for a machine that ends', () => {
    const damaged = judgeBundle(late(STALL + oops('00010246')), undefined);
    expect(damaged.verdict.kind).toBe('boot-failure');
    expect(judgeBundle(died(STALL), undefined).verdict.kind).toBe('boot-failure');
  });
});
