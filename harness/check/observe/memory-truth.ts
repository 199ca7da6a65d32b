// SPDX-License-Identifier: MIT
import { gunzipSync } from 'node:zlib';
import { hashBytes } from '../../bundle/evidence-limits.ts';
import { FormatError } from '../../errors.ts';
import { ZERO_PAGE_CRC } from '../../memory/page-crcs.ts';
import { PAGE_SIZE, type Pfn, SZ_1M, pfn } from '../../memory/pfn.ts';
import { type PhysRange, physRange } from '../../memory/phys-range.ts';
import { hasAnyOf } from '../../memory/range-set.ts';
import { behind } from '../../memory/kernel-log.ts';
import { pageRange } from '../../memory/page-map.ts';
import type { Evidence } from './evidence.ts';
import { imagePhys } from '../../memory/image-phys.ts';
import { type PageList, RamPages, listed } from './ram-pages.ts';
import type { VmcoreDigest } from '../../vmcore/vmcore-digest.ts';
import { type Seen, seenFrom } from '../../seen.ts';

/** What became of the crashed kernel's memory from the kexec jump on. */
export interface MemoryTruth {
  /** The pages that the kexec jump itself writes to, after `machine_kexec()` has begun. */
  readonly jumpWrites: readonly JumpWrite[];
  /** Where one more page may be the jump's, of a kernel that hides its variables; else nothing. */
  readonly hiddenWrites: readonly PhysRange[];
  /** What changed between the jump and the end of the cell; not seen if the capture kernel did not end the machine. */
  readonly changed: Seen<ChangedMemory>;
  /** Pages of crashkernel that changed between the load of the capture kernel and the jump; null in a bundle that is older than this check. */
  readonly disturbed: PageList | null;
  /** The page of crashkernel that `crash_save_vmcoreinfo()` writes to. */
  readonly vmcoreinfoCopy: Seen<Pfn>;
  /** Null where the cell keeps no vmcore. */
  readonly vmcore: Seen<VmcoreTruth> | null;
}

/** What of the crashed kernel's memory changed. */
interface ChangedMemory {
  readonly pages: PageList;
  /** EFI tables in these pages, as the capture kernel's log has them: `INITRD=0x3d282f18`. */
  readonly tables: readonly string[];
}

/** A page that the kexec jump writes to, and what of it. */
export interface JumpWrite {
  readonly page: Pfn;
  readonly what: string;
}

/** The vmcore compared with memory at the jump. */
export interface VmcoreTruth {
  /** Pages that are in both. */
  readonly compared: number;
  readonly differing: PageList;
  /** Pages of zeroes that the dump has left out. */
  readonly zeroesLeftOut: number;
  /** Others that it has left out. */
  readonly leftOut: PageList;
  /**
   * Those of them that no filter may leave out, by their `struct page`. Not those that two segments share: makedumpfile
   * leaves them out, at any level.
   */
  readonly keptKindsLeftOut: Seen<PageList>;
}

/** How far below its stack pointer the CPU that jumps still writes (`machine_kexec()` and what it calls), in bytes. */
const STACK_REACH = 1024;

const LOADED = 'load/page-crcs.gz';
const JUMP = 'jump/page-crcs.gz';
const END = 'capture/page-crcs.gz';

/** The system kernel's memory. */
interface SystemMemory {
  /** What its `/proc/iomem` has, as it is: `setup_data` may split it within a page. */
  readonly systemRam: readonly PhysRange[];
  /** What of it is the crashed kernel's after the jump. */
  readonly crashed: readonly PhysRange[];
  readonly crashkernel: readonly PhysRange[];
}

/** Reads what the cell has of its memory at the jump and in the end; null in a cell that does not look at it. */
export function seenMemoryTruth(
  evidence: Evidence,
  vmcore: VmcoreDigest | undefined,
  memory: SystemMemory,
): Seen<MemoryTruth> | null {
  if (evidence.cell.spec.truth === 'none') return null;
  const unpack = unpackHashes(evidence.cell.spec);
  const jump = evidence.read(JUMP, unpack);
  if (jump.value === null) return jump;
  const before = jump.value;
  const ram = new RamPages(evidence.cell.spec.memoryMiB);
  const hashed = { ...memory, before, ram };
  const changed = seenFrom(evidence.read(END, unpack), (after) => ({
    value: changedMemory(hashed, after, evidence.text('capture/dmesg') ?? ''),
  }));
  const loaded = evidence.read(LOADED, unpack).value;
  return {
    value: {
      jumpWrites: [...stackWrites(evidence, ram), ...ftraceWrites(evidence)],
      hiddenWrites: hiddenWrites(evidence),
      changed,
      disturbed: loaded && listed(changedIn(memory.crashkernel, hashed, loaded)),
      vmcoreinfoCopy: evidence.parsed('jump/vmcoreinfo-copy', readPageOf),
      vmcore: vmcore ? compare(vmcore, hashed) : null,
    },
  };
}

interface HashedMemory extends SystemMemory {
  readonly before: Uint32Array;
  readonly ram: RamPages;
}

/** The pages of ranges that are not as they were at the jump. */
function* changedIn(
  ranges: readonly PhysRange[],
  { before, ram }: HashedMemory,
  other: Uint32Array,
): Generator<Pfn> {
  for (const page of ram.in(ranges)) {
    const index = ram.indexOf(page);
    if (index !== undefined && before[index] !== other[index]) yield page;
  }
}

function changedMemory(hashed: HashedMemory, after: Uint32Array, log: string): ChangedMemory {
  const pages = listed(changedIn(hashed.crashed, hashed, after));
  const hasChanged = (page: Pfn): boolean =>
    hasAnyOf(hashed.crashed, pageRange(page)) &&
    listed(changedIn([pageRange(page)], hashed, after)).count > 0;
  const tables = efiTables(log).filter(({ page }) => hasChanged(page));
  return { pages, tables: tables.map(({ table }) => table) };
}

function compare(
  { pages, keptKindsLeftOut: kinds }: VmcoreDigest,
  hashed: HashedMemory,
): Seen<VmcoreTruth> {
  if (pages.value === null) return pages;
  const { before, ram, systemRam } = hashed;
  const { pfns } = pages.value;
  const there = marked(pfns, hashed);
  const isZero = (page: Pfn): boolean => before[ram.indexOf(page) ?? -1] === ZERO_PAGE_CRC;
  const absent = listed(absentPages(hashed, there));
  const leftOut = listed(filtered(absentPages(hashed, there), (page) => !isZero(page)));
  const shared = sharedPages(systemRam);
  const wronglyLeftOut = (found: Uint32Array): PageList => {
    const kept = marked(found, hashed);
    const isWrong = (page: Pfn): boolean =>
      !isZero(page) && kept[ram.indexOf(page) ?? -1] === 1 && !shared.has(page);
    return listed(filtered(absentPages(hashed, there), isWrong));
  };
  return {
    value: {
      compared: pfns.length,
      differing: listed(differingPages(pages.value, hashed)),
      zeroesLeftOut: absent.count - leftOut.count,
      leftOut,
      keptKindsLeftOut: kinds.value === null ? kinds : { value: wronglyLeftOut(kinds.value) },
    },
  };
}

/** A byte for each page of RAM: 1 for those that are listed. A set of all pages would be too large for the engine. */
function marked(pfns: Uint32Array, { before, ram }: HashedMemory): Uint8Array {
  const marks = new Uint8Array(before.length);
  for (const page of pfns) {
    const index = ram.indexOf(pfn(page));
    if (index !== undefined && index < marks.length) marks[index] = 1;
  }
  return marks;
}

function* differingPages(
  { pfns, crcs }: { readonly pfns: Uint32Array; readonly crcs: Uint32Array },
  { before, ram }: HashedMemory,
): Generator<Pfn> {
  for (const [at, page] of pfns.entries()) {
    const index = ram.indexOf(pfn(page));
    if (index === undefined || before[index] !== crcs[at]) yield pfn(page);
  }
}

/** The crashed kernel's pages that are not in the dump. */
function* absentPages({ crashed, ram }: HashedMemory, there: Uint8Array): Generator<Pfn> {
  for (const page of ram.in(crashed)) if (there[ram.indexOf(page) ?? -1] !== 1) yield page;
}

function* filtered(pages: Iterable<Pfn>, isWanted: (page: Pfn) => boolean): Generator<Pfn> {
  for (const page of pages) if (isWanted(page)) yield page;
}

/** The pages in which ranges begin or end. */
function sharedPages(ranges: readonly PhysRange[]): ReadonlySet<Pfn> {
  const edges = ranges.flatMap(({ start, end }) => [start, end]);
  const within = edges.filter((edge) => edge % PAGE_SIZE !== 0);
  return new Set(within.map((edge) => pfn(Math.floor(edge / PAGE_SIZE))));
}

/** The EFI tables that a kernel found (`efi_config_parse_tables()`), each with its page. */
function efiTables(log: string): { readonly table: string; readonly page: Pfn }[] {
  const lines = [...behind(log, /\befi: /)];
  const line = lines.findLast((tables) => /\b[A-Z]\w*=0x/.test(tables)) ?? '';
  const tables = line.matchAll(/\b[A-Z][A-Za-z0-9]{1,15}=(0x[0-9a-f]{1,13})\b/g);
  return Array.from(tables, ([table, address]) => ({
    table,
    page: pfn(Math.floor(Number(address) / PAGE_SIZE)),
  }));
}

/** Where `jump/stack` says what lies, and how far below that the jump writes. */
const STACKS = [
  { place: /^(0x[0-9a-f]{1,13})$/m, reach: STACK_REACH, what: 'the stack of the CPU that jumps' },
  // A byte stands for 8 (CONFIG_KASAN: what a function enters and leaves is marked there).
  {
    place: /^shadow (0x[0-9a-f]{1,13})$/m,
    reach: STACK_REACH / 8,
    what: 'the shadow of its stack',
  },
] as const;

function stackWrites(evidence: Evidence, ram: RamPages): JumpWrite[] {
  const text = evidence.text('jump/stack') ?? '';
  return STACKS.flatMap(({ place, reach, what }) => {
    const start = Number(place.exec(text)?.[1]);
    if (Number.isNaN(start) || start < SZ_1M) return [];
    const pages = ram.in([physRange(start - reach, start + 1)]);
    return Array.from(pages, (page) => ({ page, what }));
  });
}

/** The page of an address that a file of the bundle has. */
function readPageOf(text: string): Pfn {
  const address = /^0x[0-9a-f]{1,13}$/m.exec(text)?.[0];
  if (address !== undefined) return pfn(Math.floor(Number(address) / PAGE_SIZE));
  throw new FormatError('Cannot read an address: expected hexadecimal digits, found none');
}

/** `__ftrace_enabled_save()`, which `machine_kexec()` calls, clears a variable (kernels with CONFIG_FUNCTION_TRACER). */
function ftraceWrites({ kallsyms, iomem }: Evidence): JumpWrite[] {
  const place =
    kallsyms.value && iomem.value && imagePhys(kallsyms.value, iomem.value, 'ftrace_enabled');
  return place ? [{ page: pfn(Math.floor(place / PAGE_SIZE)), what: 'ftrace_enabled' }] : [];
}

/** Where `ftrace_enabled` may be of a kernel whose symbols lack variables: every kernel has the one that is looked for. */
function hiddenWrites({ kallsyms, iomem }: Evidence): PhysRange[] {
  if (kallsyms.value?.has('real_mode_blob')) return [];
  return (iomem.value ?? [])
    .filter(({ name }) => name === 'Kernel data' || name === 'Kernel bss')
    .map(({ range }) => range);
}

/** Reads the hashes of a machine's memory, of which its size says how many there are. */
function unpackHashes(machine: {
  readonly memoryMiB: number;
}): (packed: Uint8Array) => Uint32Array {
  const limit = hashBytes(machine);
  return (packed) => {
    try {
      const bytes = gunzipSync(packed, { maxOutputLength: limit });
      return new Uint32Array(Uint8Array.from(bytes).buffer, 0, Math.floor(bytes.length / 4));
    } catch (error) {
      throw new FormatError(
        `Cannot read the hashes of memory: expected gzip of at most ${limit} bytes`,
        { cause: error },
      );
    }
  };
}
