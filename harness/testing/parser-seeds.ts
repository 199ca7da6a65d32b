// SPDX-License-Identifier: MIT
/** Real input for the parsers of what a guest or a stranger wrote, and what is bad for them. */
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
