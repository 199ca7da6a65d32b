// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { DEAD_PLACES, deadKernel } from '../testing/dead-kernel-builder.ts';
import { openAnyKernel } from './open-any-kernel.ts';
import { readLowPages } from './page-structs.ts';
import { readPrintk } from './printk.ts';

it('opens a kernel that died before it had written its VMCOREINFO', () => {
  const { physical } = deadKernel();
  const kernel = openAnyKernel({ memory: physical, vmcoreinfo: null, cpus: [] });
  expect(kernel.vmcoreinfo.release).toBe('6.12.0-test');
  expect(readPrintk(kernel).map(({ text }) => text)).toEqual([
    'Linux version 6.12.0-test',
    'one\ntwo',
    'three',
  ]);
  expect(readLowPages(kernel).filter((page) => page.class === 'free')).toHaveLength(16);
  expect(kernel.kallsyms.value?.address('setup_arch')).toBeDefined();
});

it('says what a dump without VMCOREINFO lacks if there is no kernel either', () => {
  const { physical, ram } = deadKernel();
  ram.fill(0, DEAD_PLACES.level3, DEAD_PLACES.level3 + 0x1000);
  expect(() => openAnyKernel({ memory: physical, vmcoreinfo: null, cpus: [] })).toThrow(
    'Cannot read the kernel: expected VMCOREINFO in the dump or in its memory',
  );
});
