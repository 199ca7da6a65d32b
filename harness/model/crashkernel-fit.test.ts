// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { SZ_1M } from '../memory/pfn.ts';
import { physRange } from '../memory/phys-range.ts';
import { crashkernelFit } from './crashkernel-fit.ts';
import { STOCK, ram, taken } from './testing/machine-builder.ts';

/** 1 GiB, of which the firmware has a page in the middle. */
const MACHINE = {
  ...STOCK,
  e820: [ram(0, 0xa0000), ram(SZ_1M, 0x4000_0000), taken(0x2000_0000, 0x2000_1000)],
};

it.each([
  { cmdline: 'quiet', fit: null },
  { cmdline: 'crashkernel=nonsense', fit: null },
  { cmdline: 'crashkernel=192M', fit: { size: 192 * SZ_1M, fits: true } },
  { cmdline: 'crashkernel=496M', fit: { size: 496 * SZ_1M, fits: true } },
  { cmdline: 'crashkernel=497M', fit: { size: 497 * SZ_1M, fits: false } },
  { cmdline: 'crashkernel=3G', fit: { size: 3072 * SZ_1M, fits: false } },
  { cmdline: 'crashkernel=64M@64M', fit: { size: 64 * SZ_1M, fits: true } },
  { cmdline: 'crashkernel=64M@480M', fit: { size: 64 * SZ_1M, fits: false } },
  { cmdline: 'crashkernel=512M-2G:64M,2G-:128M', fit: { size: 64 * SZ_1M, fits: true } },
])('says whether "$cmdline" can be met', ({ cmdline, fit }) => {
  expect(crashkernelFit({ ...MACHINE, cmdline })).toEqual(fit);
});

it('finds no room where the kernel was loaded', () => {
  const earlyReservations = [
    physRange(0x100_0000, 0x2000_0000),
    physRange(0x2100_0000, 0x3f00_0000),
  ];
  const machine = { ...MACHINE, earlyReservations, cmdline: 'crashkernel=17M' };
  expect(crashkernelFit(machine)).toEqual({ size: 17 * SZ_1M, fits: false });
});
