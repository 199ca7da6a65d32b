// SPDX-License-Identifier: MIT
import { describe } from 'vitest';
import { elfHeaders, type PhdrSpec } from '../../vmcore/testing/elf-builder.ts';
import { type BundleSpec, ended } from '../testing/bundle-builder.ts';
import { itFinds } from '../testing/invariant-cases.ts';

const HEADER = 'capture/vmcore-header';
const IOMEM = 'capture/iomem';
const SPEC = { crashkernel: '256M' };

/** A segment of memory by its half-open bounds. */
function memory(start: number, end: number): PhdrSpec {
  return { paddr: start, memoryBytes: end - start, vaddr: 0xffff888000000000n + BigInt(start) };
}

const IMAGE = { ...memory(0x2a00_0000, 0x2b00_0000), vaddr: 0xffffffff81000000n };
const HIGH = [memory(0x10_0000, 0x1a00_0000), memory(0x2a00_0000, 0x3ea8_a000)];
const LOW = memory(0x1000, 0xa_0000);

function dump(segments: readonly PhdrSpec[], load: 'kexec_load' | 'kexec_file_load'): BundleSpec {
  const header = elfHeaders([{ type: 4 }, IMAGE, ...segments]);
  return { spec: { ...SPEC, load }, files: { [HEADER]: header } };
}

function ram(...lines: string[]): BundleSpec {
  const text = ['1a000000-29ffffff : System RAM', ...lines].join('\n');
  return { spec: SPEC, files: { [IOMEM]: text } };
}

describe('what the vmcore has', () => {
  itFinds([
    {
      id: 'kdump.vmcore-ranges',
      when: 'it has System RAM without the crashkernel, and nothing below 1 MiB',
      bundle: dump(HIGH, 'kexec_file_load'),
      outcome: 'kept',
      why: 'The vmcore has the 2 ranges that are predicted',
    },
    {
      id: 'kdump.vmcore-ranges',
      when: 'kexec_load has low memory in it as well',
      bundle: dump([LOW, ...HIGH], 'kexec_load'),
      outcome: 'kept',
      why: 'The vmcore has the 3 ranges that are predicted',
    },
    {
      id: 'kdump.vmcore-ranges',
      when: 'low memory is in it although the capture kernel uses it',
      bundle: dump([LOW, ...HIGH], 'kexec_file_load'),
      outcome: 'broken',
      why: '0x1000-0x9ffff does not belong in it',
    },
    {
      id: 'kdump.vmcore-ranges',
      when: 'a segment is missing',
      bundle: dump(HIGH.slice(1), 'kexec_file_load'),
      outcome: 'broken',
      why: '0x100000-0x19ffffff is missing',
    },
    {
      id: 'kdump.vmcore-ranges',
      when: 'a segment is one page short',
      bundle: dump([memory(0x10_1000, 0x1a00_0000), HIGH[1] ?? {}], 'kexec_file_load'),
      outcome: 'broken',
      why: '0x100000-0x100fff is missing',
    },
    {
      id: 'kdump.vmcore-ranges',
      when: 'the kernel has lost a byte of its RAM',
      bundle: {
        ...dump([memory(0x10_0001, 0x1a00_0000), HIGH[1] ?? {}], 'kexec_file_load'),
        files: {
          [HEADER]: elfHeaders([{ type: 4 }, IMAGE, memory(0x10_0001, 0x1a00_0000), HIGH[1] ?? {}]),
          'system/iomem':
            '00001000-0009ffff : System RAM\n00100001-3ea89fff : System RAM\n  1a000000-29ffffff : Crash kernel\n',
        },
      },
      outcome: 'broken',
      why: '0x100000-0x100000 is RAM, and nothing in /proc/iomem',
    },
    {
      id: 'kdump.vmcore-ranges',
      when: 'a segment goes one page into the crashkernel',
      bundle: dump([memory(0x10_0000, 0x1a00_1000), HIGH[1] ?? {}], 'kexec_file_load'),
      outcome: 'broken',
      why: '0x1a000000-0x1a000fff does not belong in it',
    },
    {
      id: 'kdump.vmcore-ranges',
      when: 'memory is in it twice',
      bundle: dump([...HIGH, memory(0x10_0000, 0x10_1000)], 'kexec_file_load'),
      outcome: 'broken',
      why: '0x100000-0x100fff is in it twice',
    },
    {
      id: 'kdump.vmcore-ranges',
      when: 'the kernel image is said to be elsewhere',
      bundle: dump([...HIGH, { ...IMAGE, paddr: 0x1000_0000_0000 }], 'kexec_file_load'),
      outcome: 'broken',
      why: 'the kernel image 0x100000000000-0x100000ffffff lies outside of it',
    },
    {
      id: 'kdump.vmcore-ranges',
      when: 'the header is cut',
      bundle: { spec: SPEC, files: { [HEADER]: '' } },
      outcome: 'unseen',
      why: `${HEADER}: Cannot read an ELF core file: it does not begin like one`,
    },
    {
      id: 'kdump.vmcore-ranges',
      when: 'the bundle is older than the header',
      bundle: { spec: SPEC },
      outcome: 'not-asked',
      why: `The cell is from before there was ${HEADER}`,
    },
    {
      id: 'kdump.vmcore-ranges',
      when: 'the capture kernel did not come up',
      bundle: { spec: SPEC, outcome: ended('capture') },
      outcome: 'unseen',
      why: 'The machine ended in phase capture (guest-reset)',
    },
    {
      id: 'kdump.confined',
      when: 'the capture kernel has the crashkernel and low memory',
      bundle: ram('00001000-0009ffff : System RAM'),
      outcome: 'kept',
      why: 'The capture kernel has the crashkernel and low memory alone',
    },
    {
      id: 'kdump.confined',
      when: 'it has a page of the crashed kernel',
      bundle: ram('00100000-00100fff : System RAM'),
      outcome: 'broken',
      why: "The capture kernel has 0x100000-0x100fff, which is the crashed kernel's",
    },
    {
      id: 'kdump.confined',
      when: 'its iomem is not there',
      bundle: { spec: SPEC, files: { [IOMEM]: null } },
      outcome: 'unseen',
      why: 'The cell left no capture/iomem',
    },
  ]);
});
