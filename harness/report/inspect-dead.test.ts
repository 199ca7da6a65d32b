// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { deadKernelSchema } from '../bundle/dead-kernel.ts';
import { deadKernelFile, stackOf } from '../bundle/testing/dead-kernel-builder.ts';
import { type DeadEvidence, inspectDead } from './inspect-dead.ts';
import { type InspectQuestions, renderInspection } from './inspect-report.ts';

const FILE = deadKernelFile({
  release: { value: '6.12.0-test' },
  panic: { message: 'no \u001b[31minit', cpu: 0, task: null },
  lowPages: {
    value: Array.from({ length: 256 }, (_, page) => (page < 16 ? 'reserved' : 'free')),
  },
  memblock: {
    value: {
      memory: [{ start: '0x0', end: '0x400000', flags: 0 }],
      reserved: [{ start: '0x0', end: '0x100000', flags: 2 }],
    },
  },
  trampoline: { value: { paddr: '0x98000', bytes: null, copied: false } },
  stacks: [
    stackOf('panic+0x10'),
    { cpu: 1, halted: true, trace: { value: null, why: 'CPU 1 is not in 64-bit mode' } },
  ],
});

function inspect(questions: InspectQuestions, changes: Partial<DeadEvidence> = {}): string {
  const record = deadKernelSchema.parse(FILE);
  const evidence = {
    record,
    dmesg: '[    0.000000] one\n[    1.000000] \u001b[2Jtwo\n',
    ...changes,
  };
  return renderInspection(inspectDead(evidence, questions, { colour: false, width: 100 }));
}

describe('inspectDead()', () => {
  it('sums up a kernel that died', () => {
    expect(inspect({})).toMatchInlineSnapshot(`
      "release            6.12.0-test
      kernel             the system kernel, at 0x1000000, found by search
      died               ended the machine in phase boot
      panic              no init on CPU 0
      log                2 records
      pages              16 reserved, 240 free
      trampoline         0x98000, not copied there yet
      memblock.memory    0x0-0x3fffff
      memblock.reserved  0x0-0xfffff, flags 0x2

      CPU 0, by orc:
        0xffffffff81000010  panic+0x10
        (end of the stack)
      CPU 1: CPU 1 is not in 64-bit mode
      "
    `);
  });

  it.each([
    ['machine-ended', 'ended the machine in phase boot'],
    ['overrun', 'hung in phase boot'],
    ['surprise', 'did not keep to the protocol in phase boot'],
  ] as const)('says of %s: %s', (how, words) => {
    const record = deadKernelSchema.parse({ ...FILE, how });
    expect(inspect({}, { record })).toContain(`died               ${words}\n`);
  });

  it('shows the log as it is, but for what would move a cursor', () => {
    expect(inspect({ dmesg: true })).toBe('[    0.000000] one\n[    1.000000] ?[2Jtwo\n');
  });

  it('shows the pages below 1 MiB', () => {
    expect(inspect({ lowmem: true })).toContain('  0x00000  rrrrrrrrrrrrrrrr ................');
  });

  it('says what it takes to answer other questions', () => {
    expect(() => inspect({ symbols: 'x' })).toThrow(
      'Cannot answer --symbols: expected the memory of the machine, found what was kept of it; ' +
        'run the cell with --keep memory',
    );
  });

  it.each<{ questions: InspectQuestions; changes: Partial<DeadEvidence>; why: string }>([
    {
      questions: {},
      changes: {
        record: deadKernelSchema.parse({
          ...FILE,
          kernel: { value: null, why: 'No kernel \u001b' },
        }),
      },
      why: 'No kernel',
    },
    {
      questions: { dmesg: true },
      changes: { dmesg: null },
      why: 'Cannot read dead/dmesg: expected a log, found none',
    },
  ])('says why it has no answer: $why', ({ questions, changes, why }) => {
    expect(() => inspect(questions, changes)).toThrow(why);
  });
});
