// SPDX-License-Identifier: MIT
/** What the model says of a machine, and the kernel's own code: where they differ, and whether that is known. */
import { EFI_MEMORY_MORE_RELIABLE } from '../../memory/efi-memory-map.ts';
import { renderPages } from '../../memory/page-map.ts';
import { PAGE_SIZE, hex, pfn } from '../../memory/pfn.ts';
import { intersects, renderRange } from '../../memory/phys-range.ts';
import type { Prediction } from '../prediction.ts';
import type { OracleMachine, OracleOutcome } from './oracle-process.ts';

/** As many regions as memblock's arrays have room for at first. */
const INIT_MEMBLOCK_REGIONS = 128;
/** What a lost reservation leaves in the log. */
const FAILED = 'memblock: Failed to double';

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
    'room in memblock.reserved': `${predictedMax(predicted)}, lost ${linesOf(predicted, FAILED)}`,
  };
}

function oracleText({
  reservedMax,
  failures,
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
  };
}

/** Entries that the model's array has room for in the end. */
function predictedMax(predicted: Prediction): number {
  return INIT_MEMBLOCK_REGIONS * 2 ** linesOf(predicted, 'memblock: reserved is doubled');
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
    when: (answers) => {
      const { mokvar, bgrt } = answers.machine.inputs.keptTables;
      const { memblockCalls, logLines } = answers.predicted;
      // Of all that is reserved where a table lies, only copies and tables are no whole pages.
      const landed = memblockCalls.filter(
        ({ range: { start, end } }) =>
          start % PAGE_SIZE !== 0 ||
          end % PAGE_SIZE !== 0 ||
          logLines.some((line) => line.includes('is doubled') && line.includes(hex(start))),
      );
      return [mokvar, bgrt].some(
        (table) =>
          table &&
          landed.some(
            ({ range }) => intersects(range, table) && renderRange(range) !== renderRange(table),
          ),
      );
    },
  },
  {
    id: 'isolate',
    why: 'memblock_isolate_range() doubles an array that has room for one region more: memblock_mark_kho_scratch(), memblock_mark_mirror()',
    when: ({ outcome: { memoryMax, memoryFailures } }) =>
      memoryMax > INIT_MEMBLOCK_REGIONS || memoryFailures > 0,
  },
  {
    id: 'low-bgrt',
    why: 'with movable_node, or where all mirrored memory is low, the copy for the BGRT is low, too: no limit forbids it',
    when: ({ release, machine: { inputs } }) =>
      release.startsWith('5.10') &&
      inputs.keptTables.bgrt !== null &&
      (inputs.cmdline.includes('movable_node') ||
        (inputs.efiMap ?? []).some(
          ({ attribute }) => (attribute & EFI_MEMORY_MORE_RELIABLE) !== 0n,
        )),
  },
];
