// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { Bundle } from '../bundle/bundle.ts';
import { buildBundle, diedSaying, ended } from './bundle-builder.ts';
import { findEmulatorFault } from './emulator-fault.ts';
import { judgeBundle } from './judge-bundle.ts';

const oops = (eflags: string): string =>
  `[    1.463495] traps: PANIC: double fault, error_code: 0x0
[    1.463495] RSP: 0000:ffffffff8f203d80 EFLAGS: ${eflags}
[    1.463495] Kernel panic - not syncing: Fatal exception in interrupt
`;

const FIRST_LINE = '[    0.000000] Linux version 6.12.117\n';

/** A cell whose kernel died at boot. */
function died(log: string, accel: 'kvm' | 'tcg' = 'tcg'): Bundle {
  const bundle = buildBundle({ outcome: ended('boot'), files: diedSaying(FIRST_LINE + log) });
  const machine = {
    qemu: { binary: 'qemu', version: '7.2' },
    ovmf: { code: 'code', sha256: '0' },
    accel: { kind: accel, why: 'a test' },
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
    expect(findEmulatorFault(bundle)).toBeNull();
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
    expect(findEmulatorFault(died(oops(eflags)))).toContain(`EFLAGS ${eflags}`);
  });

  it('is judged by its first flags, and by the last kernel', () => {
    expect(findEmulatorFault(died(oops('00010246') + oops('9a179a42')))).toBeNull();
    const captured = oops('9a179a42') + FIRST_LINE;
    expect(findEmulatorFault(died(captured))).toBeNull();
  });
});

it('blames the kernel under KVM whatever its flags', () => {
  expect(findEmulatorFault(died(oops('9a179a42'), 'kvm'))).toBeNull();
});
