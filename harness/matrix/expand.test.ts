// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Axes, expand } from './expand.ts';

function ids(axes: Axes): string[] {
  return expand(axes).map(({ id }) => id);
}

describe('expand', () => {
  it('crosses the axes kernel by kernel', () => {
    const axes = { kernel: ['debian:5.10', 'debian:6.12'], crashkernel: [null, '256M'] };
    expect(ids(axes)).toEqual([
      'debian-5.10.no-crashkernel',
      'debian-5.10.crashkernel-256m',
      'debian-6.12.no-crashkernel',
      'debian-6.12.crashkernel-256m',
    ]);
  });

  it('gives a field that is no axis its standard value', () => {
    expect(expand({ kernel: ['debian:6.12'], crashkernel: ['256M'] })[0]?.spec).toEqual({
      kernel: 'debian:6.12',
      crashkernel: '256M',
      layout: 'stock',
      layoutBestEffort: false,
      ovmf: 'host',
      load: 'kexec_file_load',
      trigger: 'sysrq',
      cpus: 1,
      memoryMiB: 1024,
      accel: 'auto',
      vmcore: 'full',
      truth: 'jump',
      append: '',
      policy: 'auto',
      strict: false,
      freshFirmware: false,
    });
  });

  it.each<{ axes: Omit<Axes, 'kernel'>; id: string }>([
    { axes: {}, id: 'k.no-crashkernel' },
    { axes: { cpus: [1] }, id: 'k.no-crashkernel' },
    { axes: { cpus: [4] }, id: 'k.no-crashkernel.4-cpus' },
    { axes: { crashkernel: ['1G,high'] }, id: 'k.crashkernel-1g-high' },
    { axes: { load: ['kexec_load'] }, id: 'k.no-crashkernel.kexec_load' },
    { axes: { trigger: ['serial-break'] }, id: 'k.no-crashkernel.serial-break' },
    { axes: { memoryMiB: [512], accel: ['tcg'] }, id: 'k.no-crashkernel.512-mib.tcg' },
    { axes: { vmcore: ['none'] }, id: 'k.no-crashkernel.vmcore-none' },
    { axes: { append: ['nokaslr efi=debug'] }, id: 'k.no-crashkernel.append-nokaslr-efi-debug' },
    { axes: { policy: ['reserve-1m'] }, id: 'k.no-crashkernel.reserve-1m' },
  ])('names what is not standard: $id', ({ axes, id }) => {
    expect(ids({ kernel: ['k'], ...axes })).toEqual([id]);
  });

  it.each([
    { kernel: 'debian:6.12.43-1~bpo12+1', name: 'debian-6.12.43-1-bpo12-1' },
    { kernel: '/home/me/linux/arch/x86/boot/bzImage', name: 'bzimage' },
    { kernel: '../..', name: 'unnamed' },
    { kernel: 'é\u001B[31m', name: '31m' },
    { kernel: 'a'.repeat(300), name: 'a'.repeat(48) },
  ])('makes a file name of kernel $kernel', ({ kernel, name }) => {
    expect(ids({ kernel: [kernel] })).toEqual([`${name}.no-crashkernel`]);
  });

  it('numbers kernels of one file name', () => {
    expect(ids({ kernel: ['a/bzImage', 'b/bzImage'] })).toEqual([
      'bzimage.no-crashkernel',
      'bzimage.no-crashkernel.2',
    ]);
  });

  it('counts a value that is given twice once', () => {
    expect(ids({ kernel: ['k', 'k'], cpus: [2, 2] })).toEqual(['k.no-crashkernel.2-cpus']);
  });

  it.each(['on', '', '0', '256', '256 M', '64M,low', '2G-:256M'])(
    'refuses crashkernel=%s, of which a kernel rightly reserves nothing',
    (crashkernel) => {
      expect(() => ids({ kernel: ['k'], crashkernel: [crashkernel] })).toThrow(
        `Cannot use crashkernel=${crashkernel}: expected a value that reserves memory on a machine of 1024 MiB`,
      );
    },
  );

  it('gives every cell an id of its own that is a plain file name', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'A', '.', '/', '-', ' ', '2'),
      maxLength: 5,
    });
    const axes = fc.record({
      kernel: fc.array(text, { minLength: 1, maxLength: 5 }),
      crashkernel: fc.array(fc.constantFrom(null, '64M', '64m', '64M@16M', '64M,high', '1-:64M'), {
        minLength: 1,
        maxLength: 4,
      }),
      append: fc.array(text, { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(axes, (crossed) => {
        const made = ids(crossed);
        expect(new Set(made).size).toBe(made.length);
        for (const id of made) expect(id).toMatch(/^[a-z0-9_][a-z0-9._-]*$/);
      }),
    );
  });
});

it('names a reference whole, and a path by its file', () => {
  const kernel = ['debian:6.12/amd64', '/home/me/linux/arch/x86/boot/bzImage'];
  expect(expand({ kernel }).map(({ id }) => id)).toEqual([
    'debian-6.12-amd64.no-crashkernel',
    'bzimage.no-crashkernel',
  ]);
});
