// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { type SymbolSpec, addKallsyms, symbolLine } from '../testing/kallsyms-builder.ts';
import { readKallsyms } from './kallsyms.ts';
import { builtKernel, readerOf, vaddrOf, writeWords } from '../testing/kernel-builder.ts';
import { type OrcSpec, type OrcStyle, addOrc } from '../testing/orc-builder.ts';
import { type CpuRegisters, REGISTER_NAMES } from '../dump/prstatus.ts';
import { type StackTrace, readStack } from './stacks.ts';

const TEXT = 0x10_0000;
const [CRASH, PANIC, SYSRQ, ENTRY, IDLE] = [
  TEXT + 0x40,
  TEXT + 0x100,
  TEXT + 0x200,
  TEXT + 0x300,
  TEXT + 0x400,
];
const STACK = 0x18_0000;
const KERNEL_CS = 0x10;
const USER_CS = 0x33;

const FUNCTIONS: SymbolSpec[] = [
  { name: '_stext', offset: TEXT },
  { name: '__crash_kexec', offset: CRASH },
  { name: 'panic', offset: PANIC },
  { name: 'sysrq', offset: SYSRQ },
  { name: 'entry', offset: ENTRY },
  { name: 'idle', offset: IDLE },
];

const ENTRIES: OrcSpec[] = [
  { from: CRASH, by: 'unknown' },
  { from: PANIC, by: 'sp', offset: 24 },
  { from: SYSRQ, by: 'bp', offset: 16, bp: -16 },
  { from: SYSRQ + 0x80, by: 'sp', offset: 8 },
  { from: SYSRQ + 0x90, by: 'sp', offset: 8 },
  { from: SYSRQ + 0xa0, by: 'sp', offset: 8 },
  { from: SYSRQ + 0xb0, by: 'sp', offset: 8 },
  { from: ENTRY, by: 'regs' },
  { from: ENTRY + 0x80, by: 'partial regs' },
  { from: IDLE, by: 'end' },
  ...Array.from({ length: 8 }, (_, index) => ({
    from: IDLE + 0x80 + index,
    by: 'sp' as const,
    offset: 0,
  })),
];

interface Setting {
  /** Words on the stack, from the stack pointer. */
  readonly stack: readonly (number | bigint)[];
  readonly ip: number;
  readonly bp?: bigint;
  readonly cs?: number;
  readonly style?: OrcStyle | 'none';
}

function stackOf({ stack, ip, bp = 0n, cs = KERNEL_CS, style = '6.12' }: Setting): StackTrace {
  const kernel = builtKernel();
  const orc = style === 'none' ? [] : addOrc(kernel.ram, 0x1f_0000, { style, entries: ENTRIES });
  kernel.lines.push(symbolLine('_stext', TEXT));
  addKallsyms(kernel, 0x20_0000, { symbols: [...FUNCTIONS, ...orc], style: '6.12' });
  // `__crash_kexec`: endbr64, ftrace's nop, push r15, push rbp.
  kernel.ram.set(Buffer.from('f30f1efa0f1f440000415755', 'hex'), CRASH);
  // `panic` calls it.
  kernel.ram.writeUInt8(0xe8, PANIC + 0x10);
  kernel.ram.writeInt32LE(CRASH - (PANIC + 0x15), PANIC + 0x11);
  writeWords(kernel.ram, STACK, stack);
  const { memory, vmcoreinfo } = readerOf(kernel);
  const registers = Object.fromEntries(REGISTER_NAMES.map((name) => [name, 0n]));
  const cpu = {
    pid: 1,
    registers: { ...registers, ip: vaddrOf(ip), sp: vaddrOf(STACK), bp, cs: BigInt(cs) },
  } as CpuRegisters;
  return readStack({ memory, kallsyms: readKallsyms(memory, vmcoreinfo) }, cpu);
}

const shown = ({ frames, end }: StackTrace): string[] => [
  ...frames.map(({ symbol }) => symbol),
  end,
];
const text = (offset: number): bigint => vaddrOf(offset);
const stackAt = (word: number): bigint => vaddrOf(STACK + word * 8);

describe('readStack()', () => {
  it.each<OrcStyle>(['6.1', '6.12', '7.3'])(
    'follows ORC as in %s from a function that it does not know to user space',
    (style) => {
      const crash = [1, stackAt(7), 2, text(PANIC + 0x15)];
      const panic = [3, 4, text(SYSRQ + 0x20)];
      const sysrq = [stackAt(9), text(ENTRY + 0x11)];
      const regs = [...Array.from({ length: 16 }, () => 0), 0x47b7a0, USER_CS, 0x202, 0x7ffd_0000];
      const trace = stackOf({
        stack: [...crash, ...panic, ...sysrq, ...regs],
        ip: CRASH + 0x40,
        style,
      });
      expect(trace.by).toBe('orc');
      expect(shown(trace)).toEqual([
        '__crash_kexec+0x40',
        'panic+0x15',
        'sysrq+0x20',
        'entry+0x11',
        'user space',
      ]);
    },
  );

  it.each<{ what: string; setting: Setting; found: string[] }>([
    {
      what: 'across an interrupt in the kernel',
      setting: {
        stack: [
          ...Array.from({ length: 16 }, () => 0),
          text(IDLE + 0x10),
          KERNEL_CS,
          0x202,
          stackAt(40),
        ],
        ip: ENTRY,
      },
      found: ['entry+0x0', 'idle+0x10', 'end of the stack'],
    },
    {
      what: 'across a bare interrupt frame',
      setting: { stack: [text(IDLE), KERNEL_CS, 0x202, stackAt(40)], ip: ENTRY + 0x80 },
      found: ['entry+0x80', 'idle+0x0', 'end of the stack'],
    },
    {
      what: 'up to code outside the kernel image',
      setting: { stack: [0, 0, 0xffffffffc0001000n], ip: PANIC },
      found: ['panic+0x0', '0xffffffffc0001000', '0xffffffffc0001000 is outside the kernel image'],
    },
    {
      what: 'up to a function without a caller',
      setting: { stack: [], ip: CRASH },
      found: ['__crash_kexec+0x0', 'ORC does not know __crash_kexec+0x0'],
    },
    {
      what: 'not backwards',
      setting: { stack: [], ip: IDLE + 0x80 },
      found: ['idle+0x80', 'stack going in the wrong direction'],
    },
    {
      what: 'not outside memory',
      setting: { stack: [], ip: SYSRQ, bp: 0x1000n },
      found: [
        'sysrq+0x0',
        'Cannot translate 0x1008: the level 4 entry at 0x1000 is not present (0x0)',
      ],
    },
    {
      what: 'not in a loop',
      setting: {
        stack: Array.from({ length: 20 }, () => [
          text(ENTRY + 0x80),
          KERNEL_CS,
          0,
          stackAt(0),
        ]).flat(),
        ip: ENTRY + 0x80,
      },
      found: [...Array.from({ length: 256 }, () => 'entry+0x80'), 'more than 256 frames'],
    },
    {
      what: 'nowhere in user space',
      setting: { stack: [], ip: 0, cs: USER_CS },
      found: ['user space'],
    },
    {
      what: 'by frame pointers where there is no ORC',
      setting: {
        stack: [stackAt(3), text(SYSRQ + 0x20), 0, 0, text(ENTRY + 0x11)],
        ip: PANIC + 8,
        bp: stackAt(0),
        style: 'none',
      },
      found: ['panic+0x8', 'sysrq+0x20', 'entry+0x11', 'end of the stack'],
    },
    {
      what: 'to the caller of a function at its first instruction',
      setting: {
        stack: [text(SYSRQ + 0x20), 0, text(ENTRY + 0x11)],
        ip: PANIC,
        bp: stackAt(1),
        style: 'none',
      },
      found: ['panic+0x0', 'sysrq+0x20', 'entry+0x11', 'end of the stack'],
    },
    {
      what: 'along no frame pointer that points backwards',
      setting: { stack: [stackAt(0), text(SYSRQ + 1)], ip: PANIC, bp: stackAt(0), style: 'none' },
      found: [
        'panic+0x0',
        'sysrq+0x1',
        'frame pointer 0xffffffff80180000 is below the stack pointer',
      ],
    },
    {
      what: 'along no frame pointer that leads out of the text',
      setting: { stack: [0, 0x1234], ip: PANIC, bp: stackAt(0), style: 'none' },
      found: ['panic+0x0', 'return address 0x1234 outside the kernel image'],
    },
  ])('goes $what', ({ setting, found }) => {
    expect(shown(stackOf(setting))).toEqual(found);
  });
});
