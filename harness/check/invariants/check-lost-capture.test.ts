// SPDX-License-Identifier: MIT
import { describe } from 'vitest';
import type { Outcome } from '../../bundle/cell-record.ts';
import { AT_JUMP, END, crashed, dump, loaded } from '../testing/crashed-cell-builder.ts';
import { itShows } from '../testing/invariant-cases.ts';

const NO_VMCORE: Outcome = {
  kind: 'surprise',
  phase: 'capture',
  surprise: 'no-vmcore',
  why: 'Cannot follow the guest',
  lastLines: [],
};

describe('a capture kernel that is lost', () => {
  itShows([
    {
      id: 'kdump.confined',
      when: 'a capture kernel that is lost has too much',
      bundle: {
        ...crashed({ files: { [END]: null, 'capture/iomem': '00100000-001fffff : System RAM\n' } }),
        outcome: NO_VMCORE,
      },
      outcome: 'broken',
      why: "The capture kernel has 0x100000-0x107fff, which is the crashed kernel's",
    },
    {
      id: 'kdump.undisturbed',
      when: 'the capture kernel is lost, and its memory was written to before',
      bundle: {
        ...crashed({ files: { ...loaded({ 8: 1 }), [END]: null } }),
        outcome: NO_VMCORE,
      },
      outcome: 'broken',
      why: 'Since the capture kernel was loaded 1 page (0x108) of the crashkernel memory changed',
    },
    {
      id: 'kdump.captured',
      when: 'it has no vmcore, and its ELF headers changed before',
      bundle: {
        ...crashed({
          files: {
            ...loaded({ 8: 1 }),
            [END]: null,
            'capture/cmdline': 'irqpoll elfcorehdr=0x108000\n',
            'capture/dmesg':
              'Linux version 6\nKernel command line: elfcorehdr=x fail\nKdump: vmcore not initialized\n',
          },
        }),
        outcome: NO_VMCORE,
      },
      outcome: 'broken',
      why: 'The capture kernel came up and has no /proc/vmcore: its log: Kdump: vmcore not initialized; its ELF headers changed between load and jump',
    },
    {
      id: 'kdump.captured',
      when: 'it has no vmcore, and was not told of one',
      bundle: { ...crashed({ files: { 'capture/cmdline': 'irqpoll\n' } }), outcome: NO_VMCORE },
      outcome: 'broken',
      why: 'The capture kernel came up and has no /proc/vmcore: its command line has no elfcorehdr=',
    },
    {
      id: 'kdump.captured',
      when: 'it has no vmcore, and tells nothing',
      bundle: { ...crashed(), outcome: NO_VMCORE },
      outcome: 'broken',
      why: 'The capture kernel came up and has no /proc/vmcore: it does not tell why',
    },
    {
      id: 'kdump.captured',
      when: 'it has no vmcore, and only its command line tells of one',
      bundle: {
        ...crashed({ files: { 'capture/cmdline': 'elfcorehdr=1056K\n' } }),
        outcome: NO_VMCORE,
      },
      outcome: 'broken',
      why: 'The capture kernel came up and has no /proc/vmcore: it was given elfcorehdr=, and its log does not tell why',
    },
    {
      id: 'kdump.captured',
      when: 'the vmcore is whole',
      bundle: crashed(),
      vmcore: dump(AT_JUMP),
      outcome: 'kept',
      why: 'The vmcore is whole: 0.0 MB',
    },
    {
      id: 'kdump.captured',
      when: 'something else ended the cell',
      bundle: {
        ...crashed(),
        outcome: { kind: 'infra', phase: 'capture', code: 'E_HOST', message: 'No room' },
      },
      outcome: 'unseen',
      why: 'In phase capture: No room',
    },
  ]);
});
