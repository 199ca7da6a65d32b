// SPDX-License-Identifier: MIT
/**
 * The parsers of what a guest or a stranger wrote, each with real input: to be mutated, and to be made long.
 * Those of dumps are in `vmcore/testing/fuzz-inputs.ts`; a new parser needs a row here or there.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { deadKernelFile } from '../bundle/testing/dead-kernel-builder.ts';
import { cellRecordSchema } from '../bundle/cell-record.ts';
import { parseDeadKernel } from '../bundle/dead-kernel.ts';
import { UsageError } from '../errors.ts';
import { findKeptTables } from '../check/observe/kept-tables.ts';
import { lowMemoryLines } from '../check/observe/low-memory-log.ts';
import { parseVmcoreReads } from '../check/observe/vmcore-reads.ts';
import { GuestTap } from '../guest-link/guest-tap.ts';
import { parseJsonFile } from '../json-file.ts';
import { parseDmesgMaps } from '../layout/dmesg-map.ts';
import { layoutFromMaps, parseLayout } from '../layout/layout.ts';
import { parsePersonalityLog } from '../layout/personality-log.ts';
import { planPersonality } from '../layout/personality-plan.ts';
import { expand } from '../matrix/expand.ts';
import { parseMatrix } from '../matrix/matrix-file.ts';
import { countCpus } from '../memory/cpu-list.ts';
import { parseCrashkernel } from '../memory/crashkernel.ts';
import { parseE820Log, parseFirmwareMemmap } from '../memory/e820.ts';
import { parseIomem } from '../memory/iomem.ts';
import { keepKernelSymbols, parseKallsyms } from '../memory/kallsyms.ts';
import { findLogLine, lastLogLine } from '../memory/kernel-log.ts';
import { findDamage, findTrouble, leftByItself, saysDmaPool } from '../memory/kernel-trouble.ts';
import { parseMemblockLog } from '../memory/memblock-log.ts';
import { withMemmap } from '../memory/memmap-parameter.ts';
import { printableText } from '../memory/printable-text.ts';
import { emptyZones } from '../memory/zoneinfo.ts';
import { bootData, ram, STOCK } from '../model/testing/machine-builder.ts';
import { projectPath } from '../project-root.ts';
import { readRunDocument } from '../report/schema/read-run-document.ts';
import { parseMonitorRegisters } from '../vmcore/dump/monitor-registers.ts';

/** A parser of text. */
export interface TextParser {
  readonly name: string;
  readonly parse: (text: string) => unknown;
  /** Texts that it takes. */
  readonly seeds: readonly string[];
  /** What to repeat to make it slow, beside what is bad for any parser. */
  readonly units?: readonly string[];
  /** For a slow parser: one in so many of the mutants that others get. */
  readonly oneIn?: number;
}

const TESTDATA = projectPath('harness/testdata');

/** A file of each captured cell that has it. */
export function captured(file: string): Buffer[] {
  const names = readdirSync(TESTDATA, { recursive: true, encoding: 'utf8' });
  const paths = names.filter((path) => path.endsWith(`/${file}`)).toSorted();
  return paths.map((path) => readFileSync(join(TESTDATA, path)));
}

function capturedText(file: string): string[] {
  return captured(file).map((bytes) => bytes.toString('utf8'));
}

function filesIn(folder: string): string[] {
  const path = projectPath(folder);
  return readdirSync(path)
    .filter((name) => name.endsWith('.json'))
    .map((name) => readFileSync(join(path, name), 'utf8'));
}

const LOGS = [...capturedText('system/dmesg'), ...capturedText('crashed-dmesg')];

const PERSONALITY = `sub1m-personality 1\r
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

const REGISTERS = `
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

const READS = `vmcore-reads 1
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

const HELLO =
  'TAP version 14\nok 1 - hello\n  ---\n  agent: "2"\n  role: "system"\n  vmcore: "no"\n' +
  '  release: "6.12.43"\n  cpus: "0"\n  ...\n1..1\n';
const REFUSAL =
  'TAP version 14\nnot ok 1 - load\n  ---\n  why: "kexec_file_load: No such device"\n  ...\n1..1\n';

const ZONEINFO = ['DMA', 'DMA32', 'Normal']
  .map(
    (zone) =>
      `Node 0, zone ${zone.padStart(8)}\n  pages free     3840\n        spanned  4095\n` +
      '        present  3998\n        managed  3840\n        protection: (0, 905, 905)\n',
  )
  .join('');

const CMDLINES = [
  ...capturedText('system/cmdline'),
  'crashkernel=512M-2G:64M,2G-:128M@16M memmap=64K$0x1000 memmap=exactmap',
  'console=ttyS0 crashkernel=256M,high memmap=1M@0x100000,4K#0x9f000 -- "quoted crashkernel=1"',
];

const EXAMPLE_MAP = {
  ...STOCK,
  e820: [ram(0, 0xa0000)],
  efiMap: [bootData(0x10000, 0x14000)],
};

/** The lines of a log that some parser looks for, from where it begins to be slow. */
const LOG_UNITS = [
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

/** The table. */
export const TEXT_PARSERS: readonly TextParser[] = [
  {
    name: '/proc/iomem',
    parse: parseIomem,
    seeds: capturedText('iomem'),
    units: ['0-0 : ', '00001000-0009ffff : System RAM\n', '  00100000-', '0-fffffffffffff : x\n'],
  },
  {
    name: '/proc/kallsyms',
    parse: parseKallsyms,
    seeds: capturedText('kallsyms'),
    units: ['ffffffff81000000 T _text\n', 'f T .llvm.1', 'f T a'],
  },
  {
    name: '/proc/kallsyms, cut down',
    parse: (text) => keepKernelSymbols(Buffer.from(text)),
    seeds: capturedText('kallsyms'),
    units: ['ffffffff81000000 T _text\n', '.llvm.1', ' _text'],
  },
  {
    name: '/proc/zoneinfo',
    parse: emptyZones,
    seeds: [ZONEINFO],
    units: ['Node 0, zone ', 'Node 0, zone DMA\n'],
  },
  {
    name: '/sys/firmware/memmap',
    parse: parseFirmwareMemmap,
    seeds: capturedText('firmware-memmap'),
    units: ['0x0 0x9ffff System RAM\n', '0x'],
  },
  { name: 'a list of CPUs', parse: countCpus, seeds: ['0-3,5\n', '0\n'], units: ['0-3,'] },
  {
    name: 'a command line',
    parse: (text) => [parseCrashkernel(text, 2 ** 30), withMemmap([], text)],
    seeds: CMDLINES,
    units: ['memmap=1@1,', 'crashkernel=1-2:3,', '"', ' "'],
  },
  { name: 'the e820 map of a log', parse: parseE820Log, seeds: LOGS, units: LOG_UNITS },
  { name: 'the maps of a log', parse: mapsOfLog, seeds: LOGS, units: LOG_UNITS },
  { name: 'memblock=debug', parse: parseMemblockLog, seeds: LOGS, units: LOG_UNITS },
  { name: 'trouble', parse: findTrouble, seeds: LOGS, units: LOG_UNITS, oneIn: 10 },
  {
    name: 'damage',
    parse: (text) => [findDamage(text, 'sysrq triggered'), leftByItself(text), saysDmaPool(text)],
    seeds: LOGS,
    units: LOG_UNITS,
  },
  {
    name: 'lines of a log',
    parse: (text) => [lastLogLine(text), findLogLine(text, /crashkernel[ :]/i, /fail|cannot/i)],
    seeds: LOGS,
    units: LOG_UNITS,
  },
  { name: 'low memory in a log', parse: lowMemoryLines, seeds: LOGS, units: LOG_UNITS, oneIn: 5 },
  {
    name: 'tables in a log',
    parse: (log) => findKeptTables({ log, symbols: null }, EXAMPLE_MAP),
    seeds: LOGS,
    units: LOG_UNITS,
  },
  {
    name: 'printable text',
    parse: printableText,
    seeds: LOGS.slice(0, 1),
    units: ['\u001b[1', '\u001b]0;'],
  },
  {
    name: 'personality.log',
    parse: parsePersonalityLog,
    seeds: [PERSONALITY],
    units: ['ask 0x0-0xfff 7\n', 'exit 0x0-0xfff 7 0xf\n', 'tag 0x1 0x1\n', 'error x'],
  },
  { name: 'a layout', parse: planOf, seeds: filesIn('images/layouts'), units: ['{"a":', '['] },
  {
    name: 'a matrix',
    parse: cellsOfMatrix,
    seeds: filesIn('images/matrices'),
    units: ['{"a":', '['],
  },
  { name: 'cell.json', parse: cellRecord, seeds: capturedText('cell.json'), units: ['{"a":', '['] },
  {
    name: 'dead/kernel.json',
    parse: (text) => parseDeadKernel(text),
    seeds: [JSON.stringify(deadKernelFile())],
    oneIn: 10,
  },
  {
    name: 'run.json',
    parse: (text) => readRunDocument(text),
    seeds: [readFileSync(join(TESTDATA, 'documents/run-1.json'), 'utf8')],
    oneIn: 4,
  },
  {
    name: 'vmcore-reads',
    parse: parseVmcoreReads,
    seeds: [READS],
    units: ['try a 1 1\n', 'bytes 0x0 1 0x0 0x0 0x0\n'],
  },
  {
    name: 'info registers',
    parse: parseMonitorRegisters,
    seeds: [REGISTERS],
    units: ['CPU#0\n', 'RAX=0 '],
  },
  {
    name: 'TAP',
    parse: tapPoints,
    seeds: [HELLO, REFUSAL, HELLO + REFUSAL],
    units: [
      HELLO,
      'ok 1 - a\n',
      '  why: "a"\n',
      '    # Subtest: a\n',
      '1..1 ',
      '# ',
      'ok 1 - a # ',
    ],
    oneIn: 2,
  },
];

function mapsOfLog(text: string): unknown {
  return layoutFromMaps(parseDmesgMaps(text), { id: 'x', source: 'x' });
}

function planOf(text: string): unknown {
  return planPersonality(parseLayout(text, 'x.json'));
}

/** The values of a cell's fields are the user's: to refuse one is right. */
function cellsOfMatrix(text: string): unknown {
  const { axes } = parseMatrix(text, 'm.json');
  try {
    return axes.map(expand);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

function cellRecord(text: string): unknown {
  return parseJsonFile(text, 'cell.json', { name: 'cell', schema: cellRecordSchema, advice: '' });
}

/** Bytes that come at once from a socket. */
const CHUNK_BYTES = 4096;

function tapPoints(text: string): unknown {
  let points = 0;
  const tap = new GuestTap(() => (points += 1));
  const bytes = Buffer.from(HELLO + text);
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES)
    tap.feed(bytes.subarray(at, at + CHUNK_BYTES));
  return points;
}
