// SPDX-License-Identifier: MIT
import type { Bundle } from '../bundle/bundle.ts';
import { readBiosWords } from '../memory/bios-data-area.ts';
import { type E820Entry, parseE820Log, parseFirmwareMemmap } from '../memory/e820.ts';
import {
  type EfiDescriptor,
  type EfiMapLocation,
  readEfiMapLocation,
  readEfiMemoryMap,
} from '../memory/efi-memory-map.ts';
import { parseKallsyms } from '../memory/kallsyms.ts';
import { SZ_1M } from '../memory/pfn.ts';
import { withMemmap } from '../memory/memmap-parameter.ts';
import { type ModelInputs, PLAIN_MACHINE } from '../model/model-inputs.ts';
import { type Seen, commandLine, seenBytes, seenFrom, seenText } from './seen.ts';

/**
 * Collects what the machine and its kernel were given; or says what is missing, or beyond the
 * model.
 */
export function findModelInputs(bundle: Bundle): Seen<ModelInputs> {
  const cmdline = commandLine(bundle);
  return seenFrom(findE820(bundle), (e820) => {
    if (!withMemmap(e820, cmdline)) {
      return { value: null, why: 'The model does not know this form of memmap=' };
    }
    return seenFrom(findEfiMap(bundle), ({ efiMap }) =>
      seenFrom(seenBytes(bundle, 'system/page0.bin', readBiosWords), (biosWords) =>
        seenFrom(findTrampolineSize(bundle), (trampolineSize) => ({
          value: { ...PLAIN_MACHINE, e820, efiMap, biosWords, cmdline, trampolineSize },
        })),
      ),
    );
  });
}

/** The map that the EFI stub left in memory; null where there was no EFI. */
function findEfiMap(bundle: Bundle): Seen<{ readonly efiMap: EfiDescriptor[] | null }> {
  const location = seenBytes(bundle, 'system/boot-params', readEfiMapLocation);
  return seenFrom<EfiMapLocation | undefined, { efiMap: EfiDescriptor[] | null }>(
    location,
    (found) => {
      if (!found) return { value: { efiMap: null } };
      return seenBytes(bundle, 'system/efi-memory-map.bin', (bytes) => ({
        efiMap: readEfiMemoryMap(bytes, found.descriptorSize),
      }));
    },
  );
}

/**
 * The log may have lost its first lines; `/sys/firmware/memmap` is whole but an option of the
 * kernel.
 */
function findE820(bundle: Bundle): Seen<E820Entry[]> {
  const memmap = seenText(bundle, 'system/firmware-memmap', parseFirmwareMemmap);
  return memmap.value === null ? seenText(bundle, 'system/dmesg', parseE820Log) : memmap;
}

function findTrampolineSize(bundle: Bundle): Seen<number> {
  return seenFrom(seenText(bundle, 'system/kallsyms', parseKallsyms), (symbols): Seen<number> => {
    const [start, end] = [symbols.get('real_mode_blob'), symbols.get('real_mode_blob_end')];
    const size = start && end ? Number(end - start) : 0;
    if (size > 0 && size <= SZ_1M) return { value: size };
    const wanted =
      'addresses of real_mode_blob and real_mode_blob_end wanted (CONFIG_KALLSYMS_ALL=y)';
    return { value: null, why: `system/kallsyms: ${wanted}` };
  });
}
