// SPDX-License-Identifier: MIT
/** What can be told of a kernel in memory before anything of VMCOREINFO is known. */
import { FormatError } from '../../errors.ts';
import { START_KERNEL_MAP } from '../../memory/image-phys.ts';
import { FIRST_LINE } from '../../memory/kernel-log.ts';
import { hex } from '../../memory/pfn.ts';
import { type Seen, seeing, seeingFrom } from '../../seen.ts';
import { cString } from '../dump/byte-reader.ts';
import type { CpuRegisters } from '../dump/prstatus.ts';
import type { PhysicalMemory } from '../dump/physical-memory.ts';
import { type Vmcoreinfo, parseVmcoreinfo } from '../dump/vmcoreinfo.ts';
import type { Kallsyms } from './kallsyms.ts';
import { type DumpedKernel, kernelWith, openMappedKernel } from './kernel.ts';
import type { KernelImage } from './kernel-image.ts';
import { type PageTables, tableEntry } from './page-tables.ts';
import { VirtualMemory } from './virtual-memory.ts';

/** A kernel that was found in memory. */
export interface FoundKernel {
  readonly kernel: DumpedKernel;
  readonly image: KernelImage;
  /** `Linux version …`, with which its log begins. */
  readonly banner: Seen<string>;
  /** The note that it had written for its own dump, if it got that far. */
  readonly note: Seen<Vmcoreinfo>;
}

/** Bytes of the image to search for the banner. */
const SEARCH_BYTES = 64 * 1024 * 1024;
const CHUNK_BYTES = 0x20_0000;
const BANNER_LIMIT = 512;
/** Kernels are released as `6.12.118-1`; the rest of the line is in parentheses. */
const IS_BANNER = /^Linux version \d[!-~]{0,127} \(/;

/** Bytes of the note (`VMCOREINFO_BYTES`). */
const NOTE_BYTES = 4096;

/** Opens the kernel of an image with what is in memory alone. */
export function openFoundKernel(
  memory: PhysicalMemory,
  image: KernelImage,
  cpus: readonly CpuRegisters[],
): FoundKernel {
  const start = parseVmcoreinfo(Buffer.from(`SYMBOL(_text)=${image.text.toString(16)}\n`));
  const first = openMappedKernel(memory, { vmcoreinfo: start, cpus, tables: image.tables });
  const own = seeingFrom(first.kallsyms, (symbols) => ownTables(memory, first.memory, symbols));
  const tables = image.by === 'search' && own.value ? own.value : image.tables;
  const virtual = new VirtualMemory(memory, tables);
  const note = seeingFrom(first.kallsyms, (symbols) => readNote(virtual, symbols));
  const kernel = kernelWith(first, { memory: virtual, vmcoreinfo: note.value ?? start });
  return { kernel, image, banner: seeing(() => findBanner(virtual, image)), note };
}

/** The release in a banner. */
export function releaseOf(banner: string): string {
  return banner.slice(FIRST_LINE.length).split(' ', 1)[0] ?? '';
}

/** The tables at `init_top_pgt`: the image's own, which map all that the kernel has mapped. */
function ownTables(memory: PhysicalMemory, virtual: VirtualMemory, kallsyms: Kallsyms): PageTables {
  const root = virtual.translate(kallsyms.requireAddress('init_top_pgt'));
  const level3 = virtual.translate(kallsyms.requireAddress('level3_kernel_pgt'));
  const next = tableEntry(memory, root, 511) & 0xffffffffff000n;
  return { root, levels: next === BigInt(level3) ? 4 : 5, encryptionMask: 0n };
}

/** The banner in the read-only data, where it comes before any copy in the log. */
function findBanner(memory: VirtualMemory, { text }: KernelImage): string {
  for (let at = 0; at < SEARCH_BYTES; at += CHUNK_BYTES) {
    const chunk = seeing(() => memory.read(text + BigInt(at), CHUNK_BYTES)).value;
    if (!chunk) continue;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    for (
      let found = bytes.indexOf(FIRST_LINE);
      found !== -1;
      found = bytes.indexOf(FIRST_LINE, found + 1)
    ) {
      const line = cString(bytes.subarray(found, found + BANNER_LIMIT)).split('\n', 1)[0] ?? '';
      if (IS_BANNER.test(line)) return line;
    }
  }
  throw new FormatError(
    'Cannot find the release: expected "Linux version" in the image, found none',
  );
}

/**
 * Reads the note that `crash_save_vmcoreinfo_init()` makes late in the boot. It counts if it says
 * where this image is.
 */
function readNote(memory: VirtualMemory, kallsyms: Kallsyms): Vmcoreinfo {
  const at = memory.u64(kallsyms.requireAddress('vmcoreinfo_data'));
  if (at === 0n) throw new FormatError('The kernel had not written its VMCOREINFO yet');
  const note = parseVmcoreinfo(memory.read(at, NOTE_BYTES));
  const [found, expected] = [note.symbol('_stext'), kallsyms.requireAddress('_stext')];
  if (found === expected && found >= START_KERNEL_MAP && note.release !== undefined) return note;
  throw new FormatError(
    `Cannot read VMCOREINFO: expected SYMBOL(_stext) ${hex(expected)}, found ${hex(found ?? 0n)}`,
  );
}
