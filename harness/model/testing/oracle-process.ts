// SPDX-License-Identifier: MIT
/** Asks the oracle, which scripts/oracle/ and a kernel's source make: both ways all is doubles, a count and then so many. */
import { spawnSync } from 'node:child_process';
import type { MemblockLine } from '../../memory/memblock-log.ts';
import { LOW_PAGES, PAGE_SIZE, type Pfn, pfn } from '../../memory/pfn.ts';
import { type PhysRange, physRange } from '../../memory/phys-range.ts';
import type { MemblockRegions } from '../memblock-regions.ts';
import type { ModelInputs } from '../model-inputs.ts';

/** A machine, and where its EFI map lies and its kernel. Both are early reservations, too. */
export interface OracleMachine {
  readonly inputs: ModelInputs;
  readonly kernel: PhysRange;
  /** Physical address of the EFI map. */
  readonly efiMapAt: number;
}

/** What the kernel's own code made of a machine. */
export interface OracleOutcome {
  /** It panicked in `setup_arch()`. */
  readonly died: boolean;
  /** Pages were freed that were free already. */
  readonly freedTwice: boolean;
  readonly trampoline: number | null;
  /** Entries that memblock's arrays have room for, when allocations are no longer limited to 1 MiB. */
  readonly reservedMax: number;
  readonly memoryMax: number;
  /** The same of reserved ranges in the end: what doubles later frees the array before, which may be below 1 MiB. */
  readonly lastReservedMax: number;
  /** How often an array had to grow and could not: what was to be added is lost. */
  readonly failures: number;
  readonly memoryFailures: number;
  /** Pages below 1 MiB that the page allocator has: at the hand-over, and in the end. */
  readonly handedOver: readonly Pfn[];
  readonly free: readonly Pfn[];
  /** What `memblock=debug` prints of ranges that begin below 1 MiB. */
  readonly memblockCalls: readonly MemblockLine[];
  /** What `memblock=debug` tells of reserved ranges above 1 MiB at the end of `e820__memblock_setup()`. */
  readonly reservedAbove1M: MemblockRegions;
}

/** `MEMBLOCK_RSRV_KERN`. */
const MEMBLOCK_RSRV_KERN = 0x20;

/** E820_TYPE_RAM, E820_TYPE_RESERVED. */
const E820_TYPES = { ram: 1, other: 2 } as const;

/** What the oracle makes of each machine, in their order; all by one process. Throws if it fails. */
export function askOracle(
  binary: string,
  machines: readonly OracleMachine[],
): readonly OracleOutcome[] {
  const given: number[] = [];
  for (const machine of machines) {
    const numbers = numbersOf(machine);
    given.push(numbers.length);
    for (const number of numbers) given.push(number);
  }
  const { status, stdout, stderr } = spawnSync(binary, {
    input: Buffer.from(new Float64Array(given).buffer),
    maxBuffer: 1 << 30,
  });
  const end = stdout.length / Float64Array.BYTES_PER_ELEMENT;
  const told = new Float64Array(
    stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length),
  );
  const outcomes: OracleOutcome[] = [];
  for (let at = 0; at < end; at += 1 + (told[at] ?? 0)) {
    outcomes.push(outcomeFrom(told.subarray(at + 1, at + 1 + (told[at] ?? 0))));
  }
  if (status !== 0 || outcomes.length !== machines.length) {
    throw new Error(
      `Cannot use ${binary}: expected ${machines.length} outcomes, found ${outcomes.length}; ` +
        `exit status ${status}: ${stderr.toString()}`,
    );
  }
  return outcomes;
}

/** In the order of take_machine() in oracle.c. */
function numbersOf({ inputs, kernel, efiMapAt }: OracleMachine): number[] {
  const { e820, keptTables, earlyReservations, biosWords, cmdline } = inputs;
  const efiMap = inputs.efiMap ?? [];
  const bounds = (range: PhysRange | null): number[] => (range ? [range.start, range.end] : [0, 0]);
  // The kernel reserves these two itself.
  const early = earlyReservations.slice(1, -1);
  return [
    Number(inputs.setVirtualAddressMapFails),
    Number(inputs.sandyBridgeGraphics),
    Number(inputs.disablesRuntime),
    inputs.trampolineSize,
    biosWords.ebdaSegment,
    biosWords.baseMemoryKiB,
    ...bounds(kernel),
    ...bounds(keptTables.esrt),
    ...bounds(keptTables.mokvar),
    ...bounds(keptTables.bgrt),
    efiMapAt,
    early.length,
    ...early.flatMap(bounds),
    e820.length,
    ...e820.flatMap(({ range, ram }) => [
      ...bounds(range),
      ram ? E820_TYPES.ram : E820_TYPES.other,
    ]),
    efiMap.length,
    ...efiMap.flatMap(({ type, range, attribute }) => [
      type,
      range.start,
      (range.end - range.start) / PAGE_SIZE,
      Number(attribute >> 32n),
      Number(attribute & 0xffff_ffffn),
    ]),
    ...Buffer.from(cmdline),
    0,
  ];
}

/** In the order of print_result() in oracle.c. */
function outcomeFrom(numbers: Float64Array): OracleOutcome {
  const [died, freedTwice, trampoline = -1, reservedMax = 0, memoryMax = 0] = numbers;
  const [lastReservedMax = 0, failures = 0, memoryFailures = 0] = numbers.subarray(5);
  const calls = Array.from({ length: numbers[24] ?? 0 }, (_, index): MemblockLine => {
    const [isFree, start = 0, end = 0] = numbers.subarray(25 + 3 * index);
    return { call: isFree === 1 ? 'free' : 'reserve', range: physRange(start, end) };
  });
  const told = numbers.subarray(25 + 3 * calls.length);
  const reservedAbove1M = Array.from({ length: told[0] ?? 0 }, (_, index) => {
    const [start = 0, end = 0, flags = 0] = told.subarray(1 + 3 * index);
    return { ...physRange(start, end), kern: (flags & MEMBLOCK_RSRV_KERN) !== 0 };
  });
  return {
    died: died === 1,
    freedTwice: freedTwice === 1,
    trampoline: trampoline === -1 ? null : trampoline,
    reservedMax,
    memoryMax,
    lastReservedMax,
    failures,
    memoryFailures,
    handedOver: pagesIn(numbers.subarray(8, 16)),
    free: pagesIn(numbers.subarray(16, 24)),
    memblockCalls: calls,
    reservedAbove1M,
  };
}

function pagesIn(words: Float64Array): Pfn[] {
  const pages: Pfn[] = [];
  for (let page = 0; page < LOW_PAGES; page += 1) {
    if ((((words[page >> 5] ?? 0) >>> (page & 31)) & 1) === 1) pages.push(pfn(page));
  }
  return pages;
}
