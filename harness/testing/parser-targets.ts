// SPDX-License-Identifier: MIT
/**
 * The parsers of what a guest or a stranger wrote, each with real input: to be mutated, and to be made long.
 * Those of dumps are in `vmcore/testing/fuzz-inputs.ts`; a new parser needs a row here or there.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deadKernelFile } from '../bundle/testing/dead-kernel-builder.ts';
import { cellRecordSchema } from '../bundle/cell-record.ts';
import { parseDeadKernel } from '../bundle/dead-kernel.ts';
import { UsageError } from '../errors.ts';
import { corruptedPages } from '../check/log/explain-log.ts';
import { compareOutcome } from '../check/log/log-outcome.ts';
import { findKeptTables } from '../check/observe/kept-tables.ts';
import { lowMemoryLines } from '../check/observe/low-memory-log.ts';
import { parseVmcoreReads } from '../check/observe/vmcore-reads.ts';
import { GuestTap } from '../guest-link/guest-tap.ts';
import { LineCollector } from '../history/line-collector.ts';
import { parseJsonFile } from '../json-file.ts';
import { layoutFromMaps, parseLayout } from '../layout/layout.ts';
import { readCauses } from '../layout/log/log-causes.ts';
import { parseLog } from '../layout/log/read-log.ts';
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
import { parseMemblockDump, parseMemblockLog } from '../memory/memblock-log.ts';
import { withMemmap } from '../memory/memmap-parameter.ts';
import { printableText } from '../memory/printable-text.ts';
import { emptyZones } from '../memory/zoneinfo.ts';
import { predict } from '../model/prediction.ts';
import { renderHistoryCell } from '../report/history-cell-report.ts';
import { historyResult } from '../report/history-document.ts';
import { renderHistory } from '../report/history-report.ts';
import { readRunDocument } from '../report/schema/read-run-document.ts';
import { parseMonitorRegisters } from '../vmcore/dump/monitor-registers.ts';
import {
  CMDLINES,
  EXAMPLE_MAP,
  FORM_UNITS,
  HELLO,
  JOURNAL_TEXT,
  HISTORY_LINES,
  LOGS,
  LOG_UNITS,
  MEMBLOCK_DUMP,
  OUTCOME_UNITS,
  PERSONALITY,
  PUBLIC_LOGS,
  READS,
  REFUSAL,
  REGISTERS,
  TESTDATA,
  ZONEINFO,
  capturedText,
  filesIn,
} from './parser-seeds.ts';
import { RUN_PARSERS } from './run-targets.ts';

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
  {
    name: 'the maps of a log',
    parse: mapsOfLog,
    seeds: [...LOGS, ...PUBLIC_LOGS],
    units: [...LOG_UNITS, ...FORM_UNITS],
    oneIn: 2,
  },
  {
    name: 'the outcome in a log',
    parse: outcomeOfLog,
    seeds: PUBLIC_LOGS,
    units: [...LOG_UNITS, ...OUTCOME_UNITS],
  },
  { name: 'memblock=debug', parse: parseMemblockLog, seeds: LOGS, units: LOG_UNITS },
  {
    name: 'the reserved ranges of memblock=debug',
    parse: parseMemblockDump,
    seeds: [MEMBLOCK_DUMP, ...LOGS],
    units: [
      ' reserved.cnt = 0x1\n',
      ' reserved[0x0]\t[0x1-0x2], 0x1 bytes flags: 0x0\n',
      'MEMBLOCK configuration:',
    ],
  },
  { name: 'trouble', parse: findTrouble, seeds: LOGS, units: LOG_UNITS, oneIn: 2 },
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
    oneIn: 2,
  },
  { name: 'cell.json', parse: cellRecord, seeds: capturedText('cell.json'), units: ['{"a":', '['] },
  {
    name: 'dead/kernel.json',
    parse: (text) => parseDeadKernel(text),
    seeds: [JSON.stringify(deadKernelFile())],
    oneIn: 4,
  },
  {
    name: 'run.json',
    parse: (text) => readRunDocument(text),
    seeds: [readFileSync(join(TESTDATA, 'documents/run-1.json'), 'utf8')],
    oneIn: 4,
  },
  {
    name: 'history.jsonl',
    parse: shownHistory,
    seeds: [HISTORY_LINES],
    units: ['{"a":', '[', '{"schema":1}\n', HISTORY_LINES],
    oneIn: 4,
  },
  ...RUN_PARSERS,
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
      JOURNAL_TEXT,
      'ok 1 - a\n',
      '  why: "a"\n',
      '    # Subtest: a\n',
      '1..1 ',
      '# ',
      'ok 1 - a # ',
    ],
    oneIn: 4,
  },
];

/** Reads it, and shows all of it. */
function shownHistory(text: string): unknown {
  const collector = new LineCollector();
  for (const [nr, line] of text.split('\n').entries()) {
    collector.add(line, { path: 'history.jsonl', line: nr + 1 });
  }
  const result = historyResult(collector.history(), () => true);
  const style = { colour: true, width: 80 };
  return (
    result && [
      renderHistory(result, style),
      result.cells.map((one) => renderHistoryCell(one, style)),
    ]
  );
}

function mapsOfLog(text: string): unknown {
  const log = parseLog(text);
  return layoutFromMaps(log.maps, { id: 'x', source: 'x', log });
}

const PREDICTED = {
  inputs: EXAMPLE_MAP,
  prediction: predict(EXAMPLE_MAP, 'lock-on-crashkernel'),
  is32Bit: false,
  hasBootServices: true,
};

function outcomeOfLog(text: string): unknown {
  return [compareOutcome(text, PREDICTED), corruptedPages(text), readCauses(text.split('\n'))];
}

function planOf(text: string): unknown {
  return planPersonality(parseLayout(text, 'x.json'));
}

/** The values of a cell's fields are the user's: to refuse one is right. */
function cellsOfMatrix(text: string): unknown {
  const { axes = [] } = parseMatrix(text, 'm.json');
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
