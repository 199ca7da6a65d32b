// SPDX-License-Identifier: MIT
/** What the model says of a machine, and the kernel's own code: where they differ, and whether that is known. */
import type { EfiDescriptor } from '../../memory/efi-memory-map.ts';
import { renderPages } from '../../memory/page-map.ts';
import { PAGE_SIZE, hex, pfn } from '../../memory/pfn.ts';
import { intersects, renderRange } from '../../memory/phys-range.ts';
import type { predict } from '../prediction.ts';
import { isBootServices } from './oracle-machine.ts';
import type { OracleMachine, OracleOutcome } from './oracle-process.ts';

/** As many regions as memblock's arrays have room for at first. */
const INIT_MEMBLOCK_REGIONS = 128;
/** What a lost reservation leaves in the log. */
const FAILED = 'memblock: Failed to double';

type Prediction = ReturnType<typeof predict>;

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
  /** Name of the kernel's source package. */
  readonly source: string;
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

const EFI_MEMORY_MORE_RELIABLE = 0x1_0000n;
const EFI_MEMORY_RUNTIME = 1n << 63n;

const words = ({ machine: { inputs } }: Answers): string[] => inputs.cmdline.split(' ');
const map = ({ machine: { inputs } }: Answers): readonly EfiDescriptor[] => inputs.efiMap ?? [];

/** Each must be met in a night: one that is not is mended, and to be taken out. The first that fits has a difference. */
export const KNOWN: readonly KnownDifference[] = [
  {
    id: 'discard',
    why: 'up to 6.x memblock_discard() calls memblock_free_late(), whose line is none of memblock_free()',
    when: ({ source, predicted, outcome }) =>
      !source.startsWith('linux-source-7') &&
      outcome.reservedMax > INIT_MEMBLOCK_REGIONS &&
      differences(predicted, { ...outcome, memblockCalls: predicted.memblockCalls }).length === 0 &&
      callsText(predicted.memblockCalls.slice(0, -1)) === callsText(outcome.memblockCalls),
  },
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
    id: 'M1',
    why: 'any reservation doubles the array of `reserved`, or fails to; the second time the old array is freed first',
    when: ({ predicted, outcome: { lastReservedMax, failures } }) =>
      lastReservedMax !== predictedMax(predicted) ||
      failures !== linesOf(predicted, FAILED) ||
      lastReservedMax > 2 * INIT_MEMBLOCK_REGIONS,
  },
  {
    id: 'M2',
    why: 'the array of `memory` doubles, too, or fails to',
    when: ({ outcome: { memoryMax, memoryFailures } }) =>
      memoryMax > INIT_MEMBLOCK_REGIONS || memoryFailures > 0,
  },
  {
    id: 'M5',
    why: 'movable_node turns the searches for copies of the map and for arrays, too',
    when: (answers) => {
      const tables = Object.values(answers.machine.inputs.keptTables);
      const searches =
        tables.some((table) => table !== null) ||
        answers.outcome.reservedMax > INIT_MEMBLOCK_REGIONS;
      return words(answers).includes('movable_node') && searches;
    },
  },
  {
    id: 'M6',
    why: 'options of efi= add up',
    when: (answers) =>
      words(answers).filter((word) => word.startsWith('efi=')).length > 1 ||
      words(answers).includes('efi=noruntime,runtime'),
  },
  {
    id: 'M10',
    why: 'firmware that marks boot services EFI_MEMORY_RUNTIME keeps them',
    when: (answers) =>
      map(answers).some(
        (entry) => isBootServices(entry) && (entry.attribute & EFI_MEMORY_RUNTIME) !== 0n,
      ),
  },
  {
    id: 'M11',
    why: 'efi_merge_regions() joins neighbours in the map, not neighbours of one kind',
    when: (answers) =>
      map(answers).some(({ range }, at, all) => range.start < (all[at - 1]?.range.end ?? 0)),
  },
  {
    id: 'M12',
    why: 'acpi=off and bgrt_disable leave the picture alone',
    when: (answers) =>
      answers.machine.inputs.keptTables.bgrt !== null &&
      ['acpi=off', 'bgrt_disable'].some((word) => words(answers).includes(word)),
  },
  {
    id: 'M13',
    why: 'memory that firmware calls more reliable is taken first, from 6.1 only with kernelcore=mirror',
    when: (answers) =>
      (answers.source === 'linux-source-5.10' || words(answers).includes('kernelcore=mirror')) &&
      map(answers).some(({ attribute }) => (attribute & EFI_MEMORY_MORE_RELIABLE) !== 0n),
  },
  {
    id: 'M14',
    why: 'cmdline_find_option() reads behind --, and passes over what has no value; add_efi_memmap has a say',
    when: (answers) =>
      ['add_efi_memmap', '--', 'crashkernel'].some((word) => words(answers).includes(word)),
  },
];
