// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { parseMonitorRegisters } from './monitor-registers.ts';

/** Two CPUs of QEMU 7.2: one in the kernel, one that was never started. */
const TEXT = `
CPU#0
RAX=0000000000000000 RBX=ff42a4765c600000 RCX=0000000000000017 RDX=0000000000000306
RSI=00000000000000ff RDI=00000000000000f0 RBP=ff42a4765c605fd8 RSP=ff42a4765c605fc8
R8 =0000000000000008 R9 =0000000000000009 R10=000000000000000a R11=ff42a4765c605ff8
R12=0000000000000000 R13=0000000000000000 R14=0000000000000000 R15=000000000000000f
RIP=ffffffff9ec1fa47 RFL=00000046 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1
ES =0000 0000000000000000 00000000 00000000
CS =0010 0000000000000000 ffffffff 00af9b00 DPL=0 CS64 [-RA]
SS =0018 0000000000000000 ffffffff 00cf9300 DPL=0 DS   [-WA]
CR0=80050033 CR2=ff42a4764a400000 CR3=000000000a014003 CR4=003516b0
XMM00=00000000000000000000000000000000 XMM01=00000000000000000000000000000000

CPU#1
EAX=00000000 EBX=00000000 ECX=00000000 EDX=00060fb1
ESI=00000000 EDI=00000000 EBP=00000000 ESP=00000000
EIP=0000fff0 EFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=0
CS =f000 ffff0000 0000ffff 00009b00
CR0=60000010 CR2=00000000 CR3=00000000 CR4=00000000
`;

it('reads the CPUs, and which of them are in 64-bit mode', () => {
  const [first, second, ...rest] = parseMonitorRegisters(TEXT);
  expect(first).toMatchObject({ cpu: 0, halted: true, cr3: 0xa01_4003n, levels: 5 });
  expect(first?.registers).toMatchObject({
    pid: 1,
    registers: {
      ip: 0xffffffff9ec1fa47n,
      sp: 0xff42a4765c605fc8n,
      bp: 0xff42a4765c605fd8n,
      r8: 8n,
      r10: 10n,
      r15: 15n,
      cs: 0x10n,
      flags: 0x46n,
    },
  });
  expect(second).toEqual({ cpu: 1, halted: false, cr3: 0n, levels: 4, registers: null });
  expect(rest).toEqual([]);
});

it.each([
  { text: '', why: 'expected 1 to 1024 CPUs, found 0' },
  { text: 'CPU#0\nRIP=1 CR4=0', why: 'expected CR3 of CPU 0, found none' },
  { text: 'CPU#0\nRIP=1 CR3=0 CR4=0', why: 'expected R15 of CPU 0, found none' },
  { text: 'CPU#0\n'.repeat(1025), why: 'expected 1 to 1024 CPUs, found 1025' },
  { text: ' '.repeat(5_000_000), why: 'expected at most 4194304 bytes, found 5000000' },
])('refuses what is no such answer: $why', ({ text, why }) => {
  expect(() => parseMonitorRegisters(text)).toThrow(
    `Cannot read QEMU's \`info registers\`: ${why}`,
  );
});
