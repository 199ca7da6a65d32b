// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { seeingFrom } from '../../seen.ts';
import { parseVmcoreinfo } from '../dump/vmcoreinfo.ts';
import { mapFirst2MiB } from '../testing/kernel-builder.ts';
import { wholeKernel } from '../testing/whole-kernel-builder.ts';
import { openKernel } from './kernel.ts';
import { findWritableCode } from './trampoline.ts';

const [PRESENT, RW, NX] = [1n, 2n, 1n << 63n];

/** Pages that can be written to and executed, of a kernel that maps each page below 2 MiB by such an entry. */
function writableCode(entryOf: (page: number) => bigint): unknown {
  const kernel = wholeKernel();
  mapFirst2MiB(kernel, entryOf);
  const vmcoreinfo = parseVmcoreinfo(Buffer.from(kernel.lines.join('\n')));
  const { kallsyms, memory } = openKernel({ memory: kernel.physical, vmcoreinfo, cpus: [] });
  return seeingFrom(kallsyms, (symbols) => findWritableCode(memory, symbols));
}

it('finds pages below 1 MiB that can be written to and executed', () => {
  expect(writableCode((page) => PRESENT | RW | (page === 0x99 ? 0n : NX))).toEqual({
    value: [0x99],
  });
});

it('finds none where code is read-only, and data is not executable', () => {
  const isCode = (page: number): boolean => page >= 0x98 && page < 0x9b;
  expect(writableCode((page) => PRESENT | (isCode(page) ? 0n : RW | NX))).toEqual({ value: [] });
});

it('takes a page that is not mapped for one that nobody can write to', () => {
  expect(writableCode((page) => (page === 5 ? 0n : PRESENT | RW | NX))).toEqual({ value: [] });
});
