// SPDX-License-Identifier: MIT
/** The memory maps that the lines of one boot make up. */
import { FormatError } from '../../errors.ts';
import type { E820Entry } from '../../memory/e820.ts';
import { EFI_MEMORY_RUNTIME, type EfiDescriptor } from '../../memory/efi-memory-map.ts';
import { PAGE_SIZE, SZ_1M } from '../../memory/pfn.ts';
import {
  type PhysRange,
  intersects,
  physRange,
  rangeSize,
  renderRange,
} from '../../memory/phys-range.ts';
import { type RangeSet, rangeSet, without } from '../../memory/range-set.ts';
import { printableText } from '../../memory/printable-text.ts';
import { e820FromEfiMap } from '../../memory/efi-memory-types.ts';
import { type MapLine, mapLines } from './map-lines.ts';

/** The maps of a boot, and what was done to read them: for people. */
export interface LogMaps {
  readonly e820: readonly E820Entry[];
  readonly efiMap: readonly EfiDescriptor[] | null;
  readonly notes: readonly string[];
}

const E820_LIMIT = 3200;
const EFI_LIMIT = 8192;

const WHAT_TO_DO =
  'boot with efi=debug and save the whole log, from its first line ("journalctl -k -b" has it)';

/**
 * The maps of one boot. Throws `FormatError` if a line of them is cut, missing or impossible, or if the e820 map and
 * the EFI memory map cannot be of one boot.
 */
export function readLogMaps(lines: readonly string[]): LogMaps {
  const found = [...mapLines(lines)];
  const e820 = e820Of(found);
  const { efiMap, notes } = efiMapOf(found);
  if (!efiMap) return { e820, efiMap, notes };
  if (e820.length === 0) return { e820: e820FromEfiMap(efiMap), efiMap, notes };
  return { e820, efiMap, notes: [...notes, ...compareMaps(e820, efiMap)] };
}

/**
 * `e820__print_table()` prints a map without overlaps (`e820__update_table()`): what was printed twice counts once, and
 * entries that overlap are of two maps.
 */
function e820Of(lines: readonly MapLine[]): E820Entry[] {
  const entries: E820Entry[] = [];
  const texts = new Map<number, string>();
  for (const line of lines) {
    if (line.kind !== 'e820') continue;
    const { range, ram } = line.entry;
    const known = texts.get(range.start);
    if (known === undefined) {
      texts.set(range.start, renderRange(range));
      entries.push({ range, ram });
    } else if (known !== renderRange(range)) {
      throw twoMaps(line.text);
    }
    if (entries.length > E820_LIMIT) throw tooMany('e820 map', E820_LIMIT);
  }
  return checked(entries, lines);
}

function checked(entries: E820Entry[], lines: readonly MapLine[]): E820Entry[] {
  const sorted = entries.toSorted((a, b) => a.range.start - b.range.start);
  const second = sorted.find((entry, index) => {
    const before = sorted[index - 1];
    return before !== undefined && intersects(before.range, entry.range);
  });
  if (second === undefined) return entries;
  const line = lines.find((one) => one.kind === 'e820' && one.entry.range === second.range);
  throw twoMaps(line?.text ?? '');
}

function twoMaps(line: string): FormatError {
  return new FormatError(
    `Cannot read the e820 map of the log: expected the lines of one boot, found one that overlaps others: ${printableText(line).slice(0, 200)}; save the log of one boot`,
  );
}

/** Only the first map of a boot: with `efi=debug` the kernel prints what it keeps of it later, likewise. */
function efiMapOf(lines: readonly MapLine[]): Pick<LogMaps, 'efiMap' | 'notes'> {
  const kernels = lines.flatMap((one) => (one.kind === 'efi' ? [one] : []));
  const xens = lines.flatMap((one) => (one.kind === 'xen' ? [one] : []));
  const isXens = kernels.length === 0 && xens.length > 0;
  const found = isXens ? xens.map(({ line }) => line.descriptor) : firstMap(kernels);
  if (found.length === 0) return { efiMap: null, notes: [] };
  if (found.length > EFI_LIMIT) throw tooMany('EFI memory map', EFI_LIMIT);
  const efiMap = unique(found.filter((descriptor) => descriptor !== null));
  const empty = found.filter((descriptor) => descriptor === null).length;
  const notes = [
    ...(isXens ? ["The EFI map is Xen's: the answer is for a kernel that boots without Xen"] : []),
    ...(empty > 0
      ? [`${empty} of the ${found.length} descriptors of the EFI map are empty, and do not count`]
      : []),
  ];
  return { efiMap: efiMap.length > 0 ? efiMap : null, notes };
}

/** Xen prints its lines without numbers: one that comes twice counts once. */
function unique(descriptors: readonly EfiDescriptor[]): EfiDescriptor[] {
  const seen = new Map(descriptors.map((one) => [`${one.type} ${renderRange(one.range)}`, one]));
  return [...seen.values()];
}

type KernelLine = Extract<MapLine, { kind: 'efi' | 'xen' }>;

/** The descriptors from number 0 on; one that is repeated at once, or whole maps that are, count once. */
function firstMap(lines: readonly KernelLine[]): (EfiDescriptor | null)[] {
  const found: (EfiDescriptor | null)[] = [];
  let last = '';
  for (const { text, line } of lines.filter((one) => one.line.valid)) {
    const isRepeated = text.trimEnd() === last;
    last = text.trimEnd();
    if (isRepeated) continue;
    if (line.number === 0 && found.length > 0) break;
    if (line.number !== found.length) throw missing(found.length, line.number, text);
    found.push(line.descriptor);
  }
  return found;
}

function missing(expected: number, number: number | null, text: string): FormatError {
  const shown = printableText(text).slice(0, 160);
  return new FormatError(
    `Cannot read the EFI memory map of the log: expected descriptor ${expected}, found ${number}: ${shown}; ${WHAT_TO_DO}`,
  );
}

function tooMany(what: string, limit: number): FormatError {
  return new FormatError(
    `Cannot read the ${what} of the log: expected at most ${limit} entries, found more`,
  );
}

/** The kernel takes no RAM from here to 1 MiB (`trim_bios_range()`). */
const LOW = physRange(0, 0xa_0000);
const HIGH = physRange(SZ_1M, 2 ** 52);

const STARTED_BY_KEXEC =
  'The EFI map has runtime services only: kexec started this kernel, and handed on what the one before it had kept';

/**
 * A kernel hands on to the next what it keeps of the EFI map (`efi_map_regions()`): runtime services and what it marked
 * like them, from high to low addresses. A firmware's map that is cut is no such map: it begins low, or with RAM.
 */
function isHandedOn(efiMap: readonly EfiDescriptor[]): boolean {
  return (
    efiMap.length > 1 &&
    efiMap.every(
      ({ attribute, range }, index) =>
        (attribute & EFI_MEMORY_RUNTIME) !== 0n &&
        range.end <= (efiMap[index - 1]?.range.start ?? Infinity),
    )
  );
}

/**
 * The EFI stub and boot loaders make the e820 map of the EFI memory map: below 640 KiB they must have the same pages of
 * RAM. Above 1 MiB people cut their logs short, which changes little: a note says so.
 */
function compareMaps(e820: readonly E820Entry[], efiMap: readonly EfiDescriptor[]): string[] {
  if (isHandedOn(efiMap)) return [STARTED_BY_KEXEC];
  const [own, made] = [ramIn(LOW, e820), ramIn(LOW, e820FromEfiMap(efiMap))];
  const onlyE820 = without(own, made);
  const [difference] = [...onlyE820, ...without(made, own)];
  if (difference) {
    const who = onlyE820.length > 0 ? 'e820' : 'EFI';
    throw new FormatError(
      `Cannot read the memory maps of the log: expected an e820 map and an EFI memory map of one boot, but only the ${who} map has RAM at ${renderRange(difference)}; ${WHAT_TO_DO}`,
    );
  }
  const [all, lost] = [
    ramIn(HIGH, e820),
    without(
      ramIn(HIGH, e820),
      efiMap.map(({ range }) => range),
    ),
  ];
  if (bytes(lost) === 0) return [];
  const share = Math.round((100 * (bytes(all) - bytes(lost))) / bytes(all));
  return [
    `The EFI map covers ${share} % of the RAM above 1 MiB: the log is cut, or another map is`,
  ];
}

/** The whole pages of RAM in a range; where entries overlap one that is not RAM wins. */
function ramIn(where: PhysRange, entries: readonly E820Entry[]): RangeSet {
  const [ram, other] = [true, false].map((wanted) =>
    entries.filter((entry) => entry.ram === wanted).map(({ range }) => range),
  );
  return without(rangeSet(ram ?? []), other ?? []).flatMap(({ start, end }) => {
    const from = Math.ceil(Math.max(start, where.start) / PAGE_SIZE) * PAGE_SIZE;
    const to = Math.floor(Math.min(end, where.end) / PAGE_SIZE) * PAGE_SIZE;
    return from < to ? [physRange(from, to)] : [];
  });
}

function bytes(set: RangeSet): number {
  return set.reduce((sum, range) => sum + rangeSize(range), 0);
}
