// SPDX-License-Identifier: MIT
import type { Bundle } from '../../bundle/bundle.ts';
import { type BiosWords, readBiosWords } from '../../memory/bios-data-area.ts';
import { readInitrd } from '../../memory/boot-params.ts';
import { type E820Entry, parseE820Log, parseFirmwareMemmap } from '../../memory/e820.ts';
import {
  type EfiDescriptor,
  type EfiMapLocation,
  readEfiMapLocation,
  readEfiMemoryMap,
} from '../../memory/efi-memory-map.ts';
import { e820FromEfiMap } from '../../layout/efi-memory-types.ts';
import { parseIomem } from '../../memory/iomem.ts';
import { parseKallsyms } from '../../memory/kallsyms.ts';
import type { PersonalityLog } from '../../layout/personality-log.ts';
import { SZ_1M } from '../../memory/pfn.ts';
import { type PhysRange, physRange } from '../../memory/phys-range.ts';
import { withMemmap } from '../../memory/memmap-parameter.ts';
import { type ModelInputs, PLAIN_MACHINE } from '../../model/model-inputs.ts';
import { type Seen, seenFrom } from '../../seen.ts';
import { findKeptTables } from './kept-tables.ts';
import {
  commandLine,
  seenBytes,
  seenPersonality,
  seenText,
  systemKernelLog,
  systemKernelPart,
} from './seen.ts';

/** All that the model takes but what only a kernel that came up can be asked for. */
export type GivenInputs = Omit<ModelInputs, 'trampolineSize'>;

/** Null where there was no EFI. */
interface FoundEfiMap {
  readonly efiMap: readonly EfiDescriptor[] | null;
}

/**
 * Collects what the machine and its kernel were given; or says what is missing, or beyond the
 * model. What a kernel that died could not be asked for is taken from what its firmware's
 * personality reported.
 */
export function findModelInputs(bundle: Bundle): Seen<GivenInputs> {
  const cmdline = commandLine(bundle);
  const personality = seenPersonality(bundle).value;
  return seenFrom(findE820(bundle, personality), (e820) => {
    if (!withMemmap(e820, cmdline)) {
      return { value: null, why: 'The model does not know this form of memmap=' };
    }
    return seenFrom(findEfiMap(bundle, personality), ({ efiMap }) =>
      seenFrom(findBiosWords(bundle, personality), (biosWords) => {
        const given = {
          ...PLAIN_MACHINE,
          e820,
          efiMap,
          biosWords,
          cmdline,
          earlyReservations: findEarlyReservations(bundle),
          keptTables: { ...PLAIN_MACHINE.keptTables, ...personality?.tables },
          setVirtualAddressMapFails: personality?.setVirtualAddressMapFails ?? false,
        };
        const kernel = {
          log: systemKernelLog(bundle),
          symbols: seenText(bundle, 'system/kallsyms', parseKallsyms).value,
        };
        return seenFrom(findKeptTables(kernel, given), (keptTables) => ({
          value: { ...given, keptTables },
        }));
      }),
    );
  });
}

/** The bytes of the kernel's trampoline, which depend on its configuration. */
export function findTrampolineSize(bundle: Bundle): Seen<number> {
  return seenFrom(seenText(bundle, 'system/kallsyms', parseKallsyms), (symbols): Seen<number> => {
    const [start, end] = [symbols.get('real_mode_blob'), symbols.get('real_mode_blob_end')];
    const size = start && end ? Number(end - start) : 0;
    if (size > 0 && size <= SZ_1M) return { value: size };
    const wanted =
      'addresses of real_mode_blob and real_mode_blob_end wanted (CONFIG_KALLSYMS_ALL=y)';
    return { value: null, why: `system/kallsyms: ${wanted}` };
  });
}

/** The map that the EFI stub left in memory. */
export function findKernelsEfiMap(bundle: Bundle): Seen<FoundEfiMap> {
  const location = seenBytes(bundle, 'system/boot-params', readEfiMapLocation);
  return seenFrom<EfiMapLocation | undefined, FoundEfiMap>(location, (found) => {
    if (!found) return { value: { efiMap: null } };
    return seenBytes(bundle, 'system/efi-memory-map.bin', (bytes) => ({
      efiMap: readEfiMemoryMap(bytes, found.descriptorSize),
    }));
  });
}

/**
 * The map at `ExitBootServices`, which the kernel's stub took; null if the report does not come to
 * it.
 */
function exitMap(personality: PersonalityLog | null): readonly EfiDescriptor[] | null {
  return personality?.done === true && personality.exit.length > 0 ? personality.exit : null;
}

function findEfiMap(bundle: Bundle, personality: PersonalityLog | null): Seen<FoundEfiMap> {
  const own = findKernelsEfiMap(bundle);
  const efiMap = exitMap(personality);
  return own.value === null && efiMap ? { value: { efiMap } } : own;
}

function findBiosWords(bundle: Bundle, personality: PersonalityLog | null): Seen<BiosWords> {
  const own = seenBytes(bundle, 'system/page0.bin', readBiosWords);
  const reported = personality?.biosWords;
  return own.value === null && reported ? { value: reported } : own;
}

/**
 * The log may have lost its first lines; `/sys/firmware/memmap` is whole but an option of the
 * kernel. A kernel that died left what it printed on the console; or not even that, and then its
 * stub made the map of the EFI one.
 */
function findE820(bundle: Bundle, personality: PersonalityLog | null): Seen<readonly E820Entry[]> {
  const memmap = seenText(bundle, 'system/firmware-memmap', parseFirmwareMemmap);
  const log = seenText(bundle, 'system/dmesg', parseE820Log);
  const console = seenText(bundle, 'console.log', (text) => parseE820Log(systemKernelPart(text)));
  const efiMap = exitMap(personality);
  const fromEfiMap = efiMap ? [{ value: e820FromEfiMap(efiMap) }] : [];
  return [memmap, log, console, ...fromEfiMap].find(({ value }) => value !== null) ?? log;
}

/** What is known of what the kernel was loaded with; it lies below 1 MiB on no machine yet. */
function findEarlyReservations(bundle: Bundle): PhysRange[] {
  const image = seenText(bundle, 'system/iomem', findKernelImage).value;
  const initrd = seenBytes(bundle, 'system/boot-params', readInitrd).value;
  const efiMap = seenBytes(bundle, 'system/boot-params', readEfiMapLocation).value;
  const map = efiMap ? physRange(efiMap.address, efiMap.address + efiMap.size) : null;
  return [image, initrd, map].filter((range) => range !== null);
}

/**
 * From `_text` to the end of `.bss`, which is all of the kernel but what it allocates in `.brk`.
 */
function findKernelImage(iomem: string): PhysRange | null {
  const entries = parseIomem(iomem);
  const start = entries.find(({ name }) => name === 'Kernel code')?.range.start;
  const end = entries.findLast(({ name }) => name === 'Kernel bss')?.range.end;
  return start !== undefined && end !== undefined && start < end ? physRange(start, end) : null;
}
