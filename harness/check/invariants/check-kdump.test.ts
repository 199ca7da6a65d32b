// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { digestOf, wholeDump } from '../../vmcore/testing/flattened-builder.ts';
import { judgeBundle } from '../judge-bundle.ts';
import { buildBundle, ended, refused } from '../testing/bundle-builder.ts';
import { itFinds } from '../testing/invariant-cases.ts';

const WITH = { crashkernel: '256M' };

describe('a promise about the crash', () => {
  itFinds([
    {
      id: 'kdump.reserved',
      when: 'it is as large as asked',
      bundle: { spec: WITH },
      outcome: 'kept',
      why: '0x1a000000-0x29ffffff is reserved',
    },
    {
      id: 'kdump.reserved',
      when: 'it is smaller',
      bundle: { spec: { crashkernel: '512M' } },
      outcome: 'broken',
      why: '0x20000000 bytes wanted, 0x1a000000-0x29ffffff found',
    },
    {
      id: 'kdump.reserved',
      when: 'it is larger',
      bundle: { spec: { crashkernel: '255M' } },
      outcome: 'broken',
      why: '0xff00000 bytes wanted, 0x1a000000-0x29ffffff found',
    },
    {
      id: 'kdump.reserved',
      when: 'it is elsewhere',
      bundle: { spec: { crashkernel: '256M@16M' } },
      outcome: 'broken',
      why: '0x10000000 bytes wanted, 0x1a000000-0x29ffffff found',
    },
    {
      id: 'kdump.reserved',
      when: 'the kernel refuses',
      bundle: {
        spec: { crashkernel: '4G' },
        files: {
          'system/iomem': '00001000-0009ffff : System RAM\n',
          'system/dmesg':
            'Linux version 5.10\nCommand line: crashkernel=4G fail\n[ 0.1] crashkernel reservation failed - No suitable area found.\r\n',
        },
      },
      outcome: 'broken',
      why: '0x100000000 bytes wanted, none found; the log: [ 0.1] crashkernel reservation failed - No suitable area found.',
    },
    {
      id: 'kdump.reserved',
      when: 'nothing is asked of a machine of this size',
      bundle: { spec: { crashkernel: '2G-:256M' } },
      outcome: 'not-asked',
      why: 'crashkernel=2G-:256M asks for nothing on this machine',
    },
    {
      id: 'kdump.reserved',
      when: 'iomem is garbage',
      bundle: { spec: WITH, files: { 'system/iomem': '\u0000' } },
      outcome: 'unseen',
      why: 'system/iomem: Cannot read /proc/iomem: expected lines such as "00001000-0009ffff : System RAM", found none',
    },
    {
      id: 'kdump.captured',
      when: 'the vmcore is whole',
      bundle: { spec: WITH },
      outcome: 'kept',
      why: 'The vmcore is whole: 0.0 MB in 2 records',
    },
    {
      id: 'kdump.captured',
      when: 'no vmcore was asked for',
      bundle: { spec: { ...WITH, vmcore: 'none' } },
      vmcore: null,
      outcome: 'kept',
      why: 'The capture kernel came up',
    },
    {
      id: 'kdump.captured',
      when: 'the vmcore is cut',
      bundle: { spec: WITH },
      vmcore: wholeDump().subarray(0, 4160),
      outcome: 'broken',
      why: 'Cannot read the flattened vmcore: expected 16 bytes at offset 0x1031, found 15',
    },
    {
      id: 'kdump.captured',
      when: 'the system kernel reset instead',
      bundle: { spec: WITH, outcome: ended('capture') },
      outcome: 'broken',
      why: 'The machine ended in phase capture (guest-reset): [    5.972072] Kernel panic - not syncing: sysrq triggered crash',
    },
    {
      id: 'kdump.captured',
      when: 'the kernel takes no capture kernel although there is room for it',
      bundle: { spec: WITH, outcome: refused('load') },
      outcome: 'broken',
      why: 'The agent could not do phase load: kexec: no way',
    },
    {
      id: 'kdump.captured',
      when: 'there is no room for a capture kernel',
      bundle: {
        spec: WITH,
        outcome: refused('load'),
        files: { 'system/iomem': '00001000-0009ffff : System RAM\n' },
      },
      outcome: 'unseen',
      why: 'The agent could not do phase load: kexec: no way',
    },
    {
      id: 'kdump.reserved',
      when: 'the cell does not crash',
      bundle: { spec: { ...WITH, trigger: 'none' } },
      outcome: 'kept',
      why: '0x1a000000-0x29ffffff is reserved',
    },
    {
      id: 'kdump.captured',
      when: 'the cell does not crash',
      bundle: { spec: { ...WITH, trigger: 'none' } },
      vmcore: null,
      outcome: 'not-asked',
      why: 'The cell does not crash',
    },
    {
      id: 'kdump.dmesg',
      when: 'the cell does not crash',
      bundle: { spec: { ...WITH, trigger: 'none' } },
      outcome: 'not-asked',
      why: 'The cell does not crash',
    },
    {
      id: 'kdump.captured',
      when: 'the vmcore was lost',
      bundle: { spec: WITH },
      vmcore: null,
      outcome: 'unseen',
      why: 'The cell left no vmcore',
    },
    {
      id: 'kdump.dmesg',
      when: 'the log reaches down to the panic',
      bundle: { spec: WITH },
      outcome: 'kept',
      why: '[    5.972072] Kernel panic - not syncing: sysrq triggered crash',
    },
    {
      id: 'kdump.dmesg',
      when: 'the log ends before',
      bundle: { spec: WITH, files: { 'capture/crashed-dmesg': '[ 1.0] sysrq: Trigger a crash\n' } },
      outcome: 'broken',
      why: 'It has no panic line; it ends with: [ 1.0] sysrq: Trigger a crash',
    },
    {
      id: 'kdump.dmesg',
      when: 'makedumpfile could not read it',
      bundle: { spec: WITH, files: { 'capture/crashed-dmesg': null } },
      outcome: 'unseen',
      why: 'The cell left no capture/crashed-dmesg',
    },
    {
      id: 'kdump.dmesg',
      when: 'it is empty',
      bundle: { spec: WITH, files: { 'capture/crashed-dmesg': '' } },
      outcome: 'unseen',
      why: 'capture/crashed-dmesg: Cannot read the crashed kernel\'s log: expected lines "[ 0.1] …", found none',
    },
  ]);
});

it('finds crashkernel memory that the page allocator has', () => {
  const digest = { ...digestOf(wholeDump()), crashkernelFreed: { value: 2 } };
  const { invariants } = judgeBundle(buildBundle({ spec: WITH }), digest);
  expect(invariants.find(({ id }) => id === 'kdump.reserved')).toMatchObject({
    outcome: 'broken',
    why: '2 pages of it are not reserved: the page allocator got them',
    evidence: 'vmcore',
  });
});
