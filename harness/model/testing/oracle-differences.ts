// SPDX-License-Identifier: MIT
/** What the model says of a machine, and the kernel's own code: where they differ, and whether that is known. */
import { renderPages } from '../../memory/page-map.ts';
import { PAGE_SIZE, SZ_1M, hex, pfn } from '../../memory/pfn.ts';
import { type PhysRange, findRange, intersects, renderRange } from '../../memory/phys-range.ts';
import type { Prediction } from '../prediction.ts';
import type { OracleMachine, OracleOutcome } from './oracle-process.ts';

/** As many regions as memblock's arrays have room for at first. */
const INIT_MEMBLOCK_REGIONS = 128;

/** What differs: one line for each thing, what the model says and then the oracle. */
export function differences(predicted: Prediction, outcome: OracleOutcome): string[] {
  const [told, found] = [asText(predicted), oracleText(outcome)];
  return Object.keys(told).flatMap((what) =>
    told[what] === found[what] ? [] : [`${what}: model ${told[what]}, oracle ${found[what]}`],
  );
}

function asText(predicted: Prediction): Record<string, string> {
  const { trampoline, moments, panic, memblockCalls } = predicted;
  const free = (owners: readonly string[]): string =>
    renderPages(owners.flatMap((owner, page) => (owner === 'free' ? [pfn(page)] : []))).join(',');
  return {
    trampoline: trampoline ? hex(trampoline.start) : 'none',
    'dies in setup_arch()': 'false',
    'freed twice': String(panic?.step === 'efi_free_boot_services'),
    'free at the hand-over': free(moments['hand-over']),
    'free in the end': free(moments['kexec-jump']),
    'memblock calls': callsText(memblockCalls),
    'room in memblock.reserved': predictedRoom(predicted, 'reserved'),
    'room in memblock.memory': predictedRoom(predicted, 'memory'),
  };
}

function oracleText({
  reservedMax,
  memoryMax,
  failures,
  memoryFailures,
  died,
  trampoline,
  freedTwice,
  handedOver,
  free,
  memblockCalls,
}: OracleOutcome): Record<string, string> {
  return {
    trampoline: trampoline === null ? 'none' : hex(trampoline),
    'dies in setup_arch()': String(died),
    'freed twice': String(freedTwice),
    'free at the hand-over': renderPages(handedOver).join(','),
    'free in the end': renderPages(free).join(','),
    'memblock calls': callsText(memblockCalls),
    'room in memblock.reserved': `${reservedMax}, lost ${failures}`,
    'room in memblock.memory': `${memoryMax}, lost ${memoryFailures}`,
  };
}

/** Entries that the model's array has room for in the end, and how often it could not grow. */
function predictedRoom(predicted: Prediction, type: 'memory' | 'reserved'): string {
  const max = INIT_MEMBLOCK_REGIONS * 2 ** linesOf(predicted, `memblock: ${type} is doubled`);
  return `${max}, lost ${linesOf(predicted, `memblock: Failed to double ${type}`)}`;
}

/** Lines of the model's log that begin so. */
function linesOf({ logLines }: Prediction, start: string): number {
  return logLines.filter((line) => line.startsWith(start)).length;
}

function callsText(calls: OracleOutcome['memblockCalls']): string {
  return calls.map(({ call, range }) => `${call} ${renderRange(range)}`).join(' ');
}

/** A machine, and what both sides say of it. */
interface Answers {
  /** Of the kernel, such as 6.12.117. */
  readonly release: string;
  readonly machine: OracleMachine;
  readonly predicted: Prediction;
  readonly outcome: OracleOutcome;
}

/** A fault of the model that is known, and not mended yet. */
interface KnownDifference {
  readonly id: string;
  readonly why: string;
  readonly when: (answers: Answers) => boolean;
}

/** Each must be met in a night: one that is not is mended, and to be taken out. The first that fits has a difference. */
export const KNOWN: readonly KnownDifference[] = [
  {
    id: 'overwritten',
    why: 'boot services are not reserved yet: a copy of the map, or an array, lands on a table that is looked for later',
    when: ({ machine, predicted }) => {
      const written = writtenRanges(machine, predicted);
      return Object.values(machine.inputs.keptTables).some(
        (table) => table && written.some((range) => intersects(range, table)),
      );
    },
  },
  {
    id: 'late-array',
    why: 'once memblock may allocate anywhere nothing tells what a kernel reserves; with movable_node or mirrored memory the array may still grow below 1 MiB',
    when: ({ outcome: { lastReservedMax, reservedMax } }) => lastReservedMax > reservedMax,
  },
];

/** Where the kernel writes before the last table is found: copies of the map, arrays of memblock. */
function writtenRanges(
  { inputs }: OracleMachine,
  { memblockCalls, logLines }: Prediction,
): PhysRange[] {
  const tables = Object.values(inputs.keptTables).flatMap((table) =>
    table ? renderRange(table) : [],
  );
  // All else that is reserved is whole pages, up to 1 MiB, or a table.
  const copies = memblockCalls.filter(
    ({ call, range }) =>
      call === 'reserve' &&
      range.end !== SZ_1M &&
      (range.start % PAGE_SIZE !== 0 || range.end % PAGE_SIZE !== 0) &&
      !tables.includes(renderRange(range)),
  );
  const arrays = logLines.flatMap((line) => {
    const [, first = '', last = ''] = /is doubled to \d+ at \[0x(\w+)-0x(\w+)\]/.exec(line) ?? [];
    return findRange(first, last) ?? [];
  });
  return [...copies.map(({ range }) => range), ...arrays];
}
