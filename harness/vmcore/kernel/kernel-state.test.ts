// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { vaddrOf } from '../testing/kernel-builder.ts';
import { readKernelState } from './kernel-state.ts';
import { type DumpedKernel, openKernel } from './kernel.ts';
import { readPrintk } from './printk.ts';
import { parseVmcoreinfo } from '../dump/vmcoreinfo.ts';
import {
  PLACES,
  TRAMPOLINE,
  type WholeKernel,
  wholeKernel,
} from '../testing/whole-kernel-builder.ts';

function open({ physical, lines, cpus }: WholeKernel): DumpedKernel {
  const vmcoreinfo = parseVmcoreinfo(Buffer.from(lines.join('\n')));
  return openKernel({ memory: physical, vmcoreinfo, cpus });
}

function stateOf(whole: WholeKernel): ReturnType<typeof readKernelState> {
  const kernel = open(whole);
  return readKernelState(kernel, readPrintk(kernel));
}

describe('readKernelState()', () => {
  it('reads everything from a complete kernel', () => {
    expect(stateOf(wholeKernel())).toEqual({
      release: '6.12.0-test',
      trampoline: { value: TRAMPOLINE },
      crashkernel: { value: [{ start: 0x1000_0000, end: 0x2000_0000 }] },
      panic: {
        message: 'sysrq triggered crash',
        cpu: 1,
        task: { pid: 42, comm: 'sh' },
      },
      lastMessage: 0n,
    });
  });

  it('falls back on the log where variables do not help', () => {
    const kernel = wholeKernel();
    kernel.ram.writeInt32LE(-1, PLACES.variables + 8);
    kernel.ram.writeBigUInt64LE(0n, PLACES.variables + 24);
    expect(stateOf(kernel).panic).toEqual({
      message: 'sysrq triggered crash',
      cpu: 1,
      task: { pid: 42, comm: 'sh' },
    });
  });

  it('reads the task of the only CPU of a kernel without SMP', () => {
    const kernel = wholeKernel('6.12', true, false);
    kernel.ram.write('ash\0', PLACES.task + 0x28);
    expect(stateOf(kernel).panic).toMatchObject({ cpu: 0, task: { pid: 42, comm: 'ash' } });
  });

  it('finds no panic in a kernel that did not panic', () => {
    const kernel = wholeKernel();
    kernel.ram.writeInt32LE(-1, PLACES.variables + 8);
    expect(readKernelState(open(kernel), []).panic).toBeNull();
  });

  it('finds no crashkernel where none is reserved', () => {
    const kernel = wholeKernel();
    kernel.ram.fill(0, PLACES.resources + 0x80, PLACES.resources + 0x90);
    expect(stateOf(kernel).crashkernel).toEqual({ value: [] });
  });

  it.each<{ what: string; change: (kernel: WholeKernel) => void; message: string }>([
    {
      what: 'a trampoline above 1 MiB',
      change: ({ ram }) => ram.writeBigUInt64LE(vaddrOf(0x20_0000), PLACES.variables),
      message:
        'Cannot find the trampoline: expected a page below 1 MiB at real_mode_header, found 0x200000',
    },
    {
      what: 'a trampoline within a page',
      change: ({ ram }) => ram.writeBigUInt64LE(vaddrOf(0x9_8010), PLACES.variables),
      message:
        'Cannot find the trampoline: expected a page below 1 MiB at real_mode_header, found 0x98010',
    },
    {
      what: 'crashkernel where no memory can be',
      change: ({ ram }) => ram.writeBigUInt64LE(2n ** 60n, PLACES.resources + 0x88),
      message: 'Cannot find crashkernel: expected memory, found 0x10000000 to 0x1000000000000000',
    },
  ])('refuses $what, and says why', ({ change, message }) => {
    const kernel = wholeKernel();
    change(kernel);
    const { trampoline, crashkernel } = stateOf(kernel);
    const reasons = [trampoline, crashkernel].flatMap((seen) => ('why' in seen ? [seen.why] : []));
    expect(reasons).toEqual([message]);
  });
});

describe('openKernel()', () => {
  it('says why a kernel has no symbols and types', () => {
    const kernel = wholeKernel();
    kernel.lines.splice(3);
    const { kallsyms, btf } = open(kernel);
    const why = 'Cannot read kallsyms: expected SYMBOL(_stext) in VMCOREINFO, found none';
    expect(kallsyms).toEqual({ value: null, why });
    expect(btf).toEqual({ value: null, why });
  });

  it('requires VMCOREINFO', () => {
    const { physical } = wholeKernel();
    const dump = { memory: physical, vmcoreinfo: null, cpus: [] };
    expect(() => openKernel(dump, { maySearch: false })).toThrow(
      new FormatError('Cannot read the kernel: expected VMCOREINFO in the dump, found none'),
    );
    expect(() => openKernel(dump)).toThrow(
      new FormatError(
        'Cannot read the kernel: expected VMCOREINFO in the dump or in its memory, found none in ' +
          '4 MiB of memory; dump a machine that has "-device vmcoreinfo"',
      ),
    );
  });

  it('finds VMCOREINFO in memory if the dump has none', () => {
    const { physical, ram, lines } = wholeKernel();
    const dump = { memory: physical, vmcoreinfo: null, cpus: [] };
    ram.write('OSRELEASE=6.12.0-test\nPAGESIZE=4096\n', 0x30_0000, 'latin1');
    expect(() => openKernel(dump)).toThrow('found 1 in 4 MiB of memory, none of a kernel there');
    ram.write(`${[...lines, 'PAGESIZE=4096'].join('\n')}\n`, 0x30_0000, 'latin1');
    const { vmcoreinfo, search, kallsyms, btf } = openKernel(dump);
    expect([...vmcoreinfo.fields.keys()]).toEqual([...new Set(keysOf(lines)), 'PAGESIZE']);
    expect(search?.kernels).toHaveLength(1);
    expect([kallsyms.value?.size, btf.value !== null]).toEqual([expect.any(Number), true]);
  });
});

function keysOf(lines: readonly string[]): string[] {
  return lines.map((line) => line.slice(0, line.indexOf('=')));
}
