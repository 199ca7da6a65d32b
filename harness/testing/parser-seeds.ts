// SPDX-License-Identifier: MIT
/** Real input for the parsers of what a guest or a stranger wrote, and what is bad for them. */
import { historyLine } from '../history/testing/history-builder.ts';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expand } from '../matrix/expand.ts';
import { bootData, ram, STOCK } from '../model/testing/machine-builder.ts';
import { projectPath } from '../project-root.ts';

export const TESTDATA = projectPath('harness/testdata');

/** A file of each captured cell that has it. */
export function captured(file: string): Buffer[] {
  const names = readdirSync(TESTDATA, { recursive: true, encoding: 'utf8' });
  const paths = names.filter((path) => path.endsWith(`/${file}`)).toSorted();
  return paths.map((path) => readFileSync(join(TESTDATA, path)));
}

export function capturedText(file: string): string[] {
  return captured(file).map((bytes) => bytes.toString('utf8'));
}

export function filesIn(folder: string): string[] {
  const path = projectPath(folder);
  return readdirSync(path)
    .filter((name) => name.endsWith('.json'))
    .map((name) => readFileSync(join(path, name), 'utf8'));
}

export const LOGS = [...capturedText('system/dmesg'), ...capturedText('crashed-dmesg')];

/** Pieces of public logs, as people have them. */
export const PUBLIC_LOGS = readdirSync(projectPath('harness/layout/testdata/logs'))
  .filter((name) => name.endsWith('.txt'))
  .map((name) => readFileSync(join(projectPath('harness/layout/testdata/logs'), name), 'utf8'));

export const PERSONALITY = `sub1m-personality 1\r
ask 0x0-0x62fff 7
ask 0x63000-0x9ffff 4294967295
got 0x0-0x62fff 7 allocated
islands 149 150
error islands: no room found 0x1
esrt 0x3db0b000-0x3db0b037
after 0x0-0x62fff 7 0xf
exit 0x0-0x62fff 7 0xf
exit 0x3ea8a000-0x3eb8bfff 6 0x800000000000000f
bda 0x2c00 0x9f
tag 0x1 0xafadd199
done
`;

export const REGISTERS = `
CPU#0
RAX=0000000000000000 RBX=ff42a4765c600000 RCX=0000000000000017 RDX=0000000000000306
RSI=00000000000000ff RDI=00000000000000f0 RBP=ff42a4765c605fd8 RSP=ff42a4765c605fc8
R8 =0000000000000008 R9 =0000000000000009 R10=000000000000000a R11=ff42a4765c605ff8
R12=0000000000000000 R13=0000000000000000 R14=0000000000000000 R15=000000000000000f
RIP=ffffffff9ec1fa47 RFL=00000046 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1
CS =0010 0000000000000000 ffffffff 00af9b00 DPL=0 CS64 [-RA]
SS =0018 0000000000000000 ffffffff 00cf9300 DPL=0 DS   [-WA]
CR0=80050033 CR2=ff42a4764a400000 CR3=000000000a014003 CR4=003516b0
CPU#1
EIP=0000fff0 EFL=00000002
CR0=60000010 CR2=00000000 CR3=00000000 CR4=00000000
`;

export const READS = `vmcore-reads 1
seed 7
took 201
pages 100
unmapped 11
try edges 18 2
bytes 0x2000 4096 0x2010 0x1 0xff00000000000000
result 0x3000 4096 4096 -14
try pages 64 0
done
`;

export const HELLO =
  'TAP version 14\nok 1 - hello\n  ---\n  agent: "2"\n  role: "system"\n  vmcore: "no"\n' +
  '  release: "6.12.43"\n  cpus: "0"\n  ...\n1..1\n';
export const REFUSAL =
  'TAP version 14\nnot ok 1 - load\n  ---\n  why: "kexec_file_load: No such device"\n  ...\n1..1\n';

export const ZONEINFO = ['DMA', 'DMA32', 'Normal']
  .map(
    (zone) =>
      `Node 0, zone ${zone.padStart(8)}\n  pages free     3840\n        spanned  4095\n` +
      '        present  3998\n        managed  3840\n        protection: (0, 905, 905)\n',
  )
  .join('');

export const CMDLINES = [
  ...capturedText('system/cmdline'),
  'crashkernel=512M-2G:64M,2G-:128M@16M memmap=64K$0x1000 memmap=exactmap',
  'console=ttyS0 crashkernel=256M,high memmap=1M@0x100000,4K#0x9f000 -- "quoted crashkernel=1"',
];

export const EXAMPLE_MAP = {
  ...STOCK,
  e820: [ram(0, 0xa0000)],
  efiMap: [bootData(0x10000, 0x14000)],
};

/** The lines of a log that some parser looks for, from where it begins to be slow. */
export const MEMBLOCK_DUMP = [
  '[    0.000000] MEMBLOCK configuration:',
  '[    0.000000]  memory size = 0x000000003ff00000 reserved size = 0x0000000002000000',
  '[    0.000000]  memory.cnt  = 0x1',
  '[    0.000000]  memory[0x0]\t[0x0000000000001000-0x000000000009ffff], 0x000000000009f000 bytes flags: 0x0',
  '[    0.000000]  reserved.cnt  = 0x2',
  '[    0.000000]  reserved[0x0]\t[0x0000000000000000-0x000000000000ffff], 0x0000000000010000 bytes flags: 0x0',
  '[    0.000000]  reserved[0x1]\t[0x0000000034c00000-0x00000000383fffff], 0x0000000003800000 bytes flags: 0x20',
  '',
].join('\n');
export const LOG_UNITS = [
  'BIOS-e820: [mem 0x0-0x',
  'BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable\n',
  'efi: mem0: [',
  'efi: mem00: [Conventional|   |  |  |  |  ] range=[0x0-0xfff] (0MB)\n',
  'efi: A',
  'efi: MOKvar=0x1 ESRT=0 ',
  'esrt: Reserving ESRT space from 0x0 to 0x',
  'memblock_reserve: [0x0-0x',
  'memblock_reserve: [0x0000000000001000-0x0000000000001fff]\n',
  'vmalloc ',
  'DMA: failed to allocate ',
  'DMA: preallocated 1',
  'rcu: x ',
  'irq 1',
  'crashkernel ',
  'below 1',
  'low ',
  'trampoline [mem 0x0-0x',
  'WARNING: 0x0.c:1 ',
  'Kernel panic - not syncing: Fatal\n',
  '[    0.000000] ',
  'Linux version ',
  'ffff000000000000',
  '+0x1/0x',
];

/** What a mailer, a browser or a program puts around a log. */
export const FORM_UNITS = [
  'BIOS-e820: 0000000000000000 - 00000000000a0000 (usable)\n',
  'efi: mem00: type=4, attr=0xf, range=[0x0-0x1000) (0MB)\n',
  'efi: mem00: type=4, attr=0xf,',
  '(XEN)  0000000000000-000000009bfff type=7 attr=000000000000000f\n',
  'BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff]\n',
  'BIOS-',
  '{"msg":"',
  '{"dmesg":[{"msg":"a"},',
  '"MESSAGE":[1,',
  '<br>',
  '<span class="',
  '&gt;',
  '&#',
  '[color=',
  '=\n',
  '=3D',
  '\\n',
  '\u001b[0m',
  '[33m',
  '> > ',
];

/** The lines that tell an outcome or a cause, from where they begin to be slow. */
export const OUTCOME_UNITS = [
  'Base memory trampoline at [',
  'Base memory trampoline at [ffff880000099000] 99000 size ',
  'Corrupted low memory at ffff880000008ac0 (',
  'Corrupted low memory at ',
  'DMA zone: ',
  'Reserving 1',
  'crashkernel reserved: 0x0 - 0x',
  'Command line: ',
  'DMI: ',
];

/** The journal of a run of one cell, which has ended. */
export const JOURNAL_TEXT = [
  {
    kind: 'run',
    schema: 1,
    startedAt: '2026-11-22T13:30:00.000Z',
    settings: { jobs: 'auto', budget: 1 },
    known: [{ kernel: { from: [5, 10], to: null }, invariant: 'lowmem.locked', reference: 'here' }],
  },
  { kind: 'cell', cell: expand({ kernel: ['debian:6.12'] })[0] },
  { kind: 'begin', at: 1, pid: 2 },
  { kind: 'end', at: 3, cell: 'a', verdict: 'unjudged', code: 'E_HOST' },
]
  .map((line) => JSON.stringify(line))
  .join('\n');

/** Three nights of one cell. */
export const HISTORY_LINES = [0, 1, 2]
  .map((night) =>
    historyLine({
      night,
      invariants: night === 1 ? { broken: ['lowmem.locked'] } : { kept: ['lowmem.locked'] },
    }),
  )
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('');
