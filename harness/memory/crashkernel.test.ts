// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { parseCrashkernel } from './crashkernel.ts';

const MIB = 2 ** 20;
const RAM = 1017 * MIB;

describe('crashkernel=', () => {
  it.each([
    { value: '256M', size: 256 * MIB, offset: null },
    { value: '128M@16M', size: 128 * MIB, offset: 16 * MIB },
    { value: '0x10000000', size: 256 * MIB, offset: null },
    { value: '512M,high', size: 512 * MIB, offset: null },
    { value: '512M,high crashkernel=64M,low', size: 512 * MIB, offset: null },
    { value: '128M crashkernel=256M', size: 256 * MIB, offset: null },
    { value: '512M,high crashkernel=256M', size: 256 * MIB, offset: null },
    { value: 'nonsense crashkernel=512M,high', size: 512 * MIB, offset: null },
    { value: '256M crashkernel=64M,cma', size: 256 * MIB, offset: null },
    { value: '512M-2G:64M,2G-:128M', size: 64 * MIB, offset: null },
    { value: '512M-2G:64M,2G-:128M@16M', size: 64 * MIB, offset: 16 * MIB },
    { value: '0-1G:64M,1G-:128M', size: 128 * MIB, offset: null },
  ])('$value asks a machine of 1017 MiB for $size bytes', ({ value, size, offset }) => {
    expect(parseCrashkernel(`a crashkernel=${value} b`, RAM)).toEqual({ size, offset });
  });

  it.each([
    'quiet',
    'crashkernel',
    'crashkernel=',
    'crashkernel=0',
    'crashkernel=M',
    'crashkernel=256Mx',
    'crashkernel=256M@',
    'crashkernel=64M,low',
    'crashkernel=2G-:128M',
    'crashkernel=-:128M',
    'crashkernel=512M-x:128M',
    'crashkernel=99999999999999999999M',
  ])('"%s" asks for nothing', (cmdline) => {
    expect(parseCrashkernel(cmdline, RAM)).toBeUndefined();
  });
});
