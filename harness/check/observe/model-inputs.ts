// SPDX-License-Identifier: MIT
import { type BiosWords, readBiosWords } from '../../memory/bios-data-area.ts';
import { readInitrd } from '../../memory/boot-params.ts';
import { type E820Entry, parseE820Log, parseFirmwareMemmap } from '../../memory/e820.ts';
import {
  EFI_MEMORY_RUNTIME,
  type EfiDescriptor,
  isBootServices,
} from '../../memory/efi-memory-map.ts';
import { e820FromEfiMap } from '../../memory/efi-memory-types.ts';
import type { IomemEntry } from '../../memory/iomem.ts';
import type { PersonalityLog } from '../../layout/personality-log.ts';
import { type PhysRange, intersects, physRange, renderRange } from '../../memory/phys-range.ts';
import { withMemmap } from '../../memory/memmap-parameter.ts';
import { type ModelInputs, PLAIN_MACHINE, hasEfiOption } from '../../model/model-inputs.ts';
import { type Seen, seenFrom } from '../../seen.ts';
import { type Evidence, type FoundEfiMap, systemKernelPart } from './evidence.ts';
import { findGivenKernel, findIgnoredEntry, findUnknownParameter } from './given-kernel.ts';
import { findKeptTables } from './kept-tables.ts';

/** All that the model takes but what only a kernel that came up can be asked for. */
export type GivenInputs = Omit<ModelInputs, 'trampolineSize'>;

/**
 * Collects what the machine and its kernel were given; or says what is missing, or beyond the
 * model. What a kernel that died could not be asked for is taken from what its firmware's
 * personality reported.
 */
export function findModelInputs(evidence: Evidence): Seen<GivenInputs> {
  const { cmdline, systemLog: log } = evidence;
  const personality = evidence.personality.value;
  return seenFrom(findE820(evidence, personality), (e820) => {
    if (!withMemmap(e820, cmdline)) {
      return { value: null, why: 'The model does not know this form of memmap=' };
    }
    const ignored = findIgnoredEntry(log);
    if (ignored) {
      const what = `The kernel's e820 map has no room for ${renderRange(ignored)}`;
      return { value: null, why: `${what}, so nobody knows what it makes of it` };
    }
    const unknown = findUnknownParameter(cmdline);
    if (unknown) return { value: null, why: `The model does not know what ${unknown} does` };
    return seenFrom(findEfiMap(evidence, personality), ({ efiMap }) =>
      seenFrom(findBiosWords(evidence, personality), (biosWords) => {
        const given = {
          ...PLAIN_MACHINE,
          ...findGivenKernel(evidence),
          e820,
          efiMap,
          biosWords,
          cmdline,
          earlyReservations: findEarlyReservations(evidence),
          keptTables: { ...PLAIN_MACHINE.keptTables, ...personality?.tables },
          setVirtualAddressMapFails: personality?.setVirtualAddressMapFails ?? false,
        };
        const kernel = { log, symbols: evidence.kallsyms.value };
        return seenFrom(findKeptTables(kernel, given), (keptTables) => ({
          value: { ...given, keptTables },
        }));
      }),
    );
  });
}

/**
 * The map at `ExitBootServices`, which the kernel's stub took; null if the report ends
 * before it.
 */
function exitMap(personality: PersonalityLog | null): readonly EfiDescriptor[] | null {
  return personality?.done === true && personality.exit.length > 0 ? personality.exit : null;
}

function findEfiMap(evidence: Evidence, personality: PersonalityLog | null): Seen<FoundEfiMap> {
  const own = evidence.efiMap;
  const efiMap = exitMap(personality);
  if (own.value === null) return efiMap ? { value: { efiMap } } : own;
  return { value: { efiMap: own.value.efiMap && asGiven(own.value.efiMap, efiMap ?? []) } };
}

/**
 * The kernel marks boot services that it keeps with `EFI_MEMORY_RUNTIME` in the map itself, so a mark counts only where
 * the driver saw it before. A firmware should not set it.
 */
function asGiven(
  map: readonly EfiDescriptor[],
  reported: readonly EfiDescriptor[],
): EfiDescriptor[] {
  const marked = reported.filter(({ attribute }) => (attribute & EFI_MEMORY_RUNTIME) !== 0n);
  return map.map((entry) => {
    const { range, attribute } = entry;
    const isMarked = marked.some((one) => intersects(one.range, range));
    if (!isBootServices(entry) || isMarked) return entry;
    return { ...entry, attribute: attribute & ~EFI_MEMORY_RUNTIME };
  });
}

function findBiosWords(evidence: Evidence, personality: PersonalityLog | null): Seen<BiosWords> {
  const own = evidence.read('system/page0.bin', readBiosWords);
  const reported = personality?.biosWords;
  return own.value === null && reported ? { value: reported } : own;
}

/**
 * The log may have lost its first lines; `/sys/firmware/memmap` is whole but an option of the
 * kernel. A kernel that died left what it printed on the console; or not even that, and then its
 * stub made the map of the EFI one.
 */
function findE820(
  evidence: Evidence,
  personality: PersonalityLog | null,
): Seen<readonly E820Entry[]> {
  const memmap = evidence.parsed('system/firmware-memmap', parseFirmwareMemmap);
  const log = evidence.parsed('system/dmesg', parseE820Log);
  const console = evidence.parsed('console.log', (text) => parseE820Log(systemKernelPart(text)));
  const efiMap = exitMap(personality);
  const fromEfiMap = efiMap ? [{ value: e820FromEfiMap(efiMap, softReserves(evidence)) }] : [];
  return [memmap, log, console, ...fromEfiMap].find(({ value }) => value !== null) ?? log;
}

function softReserves({ cmdline }: Evidence): boolean {
  return !hasEfiOption({ cmdline }, 'nosoftreserve');
}

/** What is known of what the kernel was loaded with; it lies below 1 MiB on no machine yet. */
function findEarlyReservations(evidence: Evidence): PhysRange[] {
  const { iomem, efiMapLocation } = evidence;
  const image = iomem.value && findKernelImage(iomem.value);
  const initrd = evidence.read('system/boot-params', readInitrd).value;
  const efiMap = efiMapLocation.value;
  const map = efiMap ? physRange(efiMap.address, efiMap.address + efiMap.size) : null;
  return [image, initrd, map].filter((range) => range !== null);
}

/**
 * From `_text` to the end of `.bss`, which is all of the kernel but what it allocates in `.brk`.
 */
function findKernelImage(iomem: readonly IomemEntry[]): PhysRange | null {
  const start = iomem.find(({ name }) => name === 'Kernel code')?.range.start;
  const end = iomem.findLast(({ name }) => name === 'Kernel bss')?.range.end;
  return start !== undefined && end !== undefined && start < end ? physRange(start, end) : null;
}
