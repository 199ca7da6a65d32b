// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { STANDARDS, besideBase, standardCells } from './standard-cells.ts';

const full = { ...STANDARDS.full, kernel: ['k'] };

describe('standardCells', () => {
  it('crosses layouts, CPUs and crashkernel, and load syscalls where something is loaded', () => {
    expect(standardCells(full).map(({ id }) => id)).toEqual([
      'k.no-crashkernel',
      'k.no-crashkernel.2-cpus',
      'k.no-crashkernel.thread-2021',
      'k.no-crashkernel.thread-2021.2-cpus',
      'k.crashkernel-256m',
      'k.crashkernel-256m.2-cpus',
      'k.crashkernel-256m.kexec_load',
      'k.crashkernel-256m.kexec_load.2-cpus',
      'k.crashkernel-256m.thread-2021',
      'k.crashkernel-256m.thread-2021.2-cpus',
      'k.crashkernel-256m.thread-2021.kexec_load',
      'k.crashkernel-256m.thread-2021.kexec_load.2-cpus',
    ]);
  });

  it('has a load syscall that was asked for, also where nothing is loaded', () => {
    const axes = { kernel: ['k'], crashkernel: [null], load: ['kexec_load' as const] };
    expect(standardCells(axes).map(({ id }) => id)).toEqual(['k.no-crashkernel.kexec_load']);
    expect(standardCells({ ...full, trigger: ['none'] })).toHaveLength(8);
  });
});

describe('besideBase', () => {
  it('sets each cell of the base behind that of the kernel', () => {
    const cells = standardCells({ ...STANDARDS.quick, kernel: ['debian:6.12'] });
    expect(besideBase(cells, 'debian:6.1').map(({ id }) => id)).toEqual([
      'debian-6.12.no-crashkernel',
      'debian-6.1.no-crashkernel',
      'debian-6.12.crashkernel-256m',
      'debian-6.1.crashkernel-256m',
    ]);
  });
});
