// SPDX-License-Identifier: MIT
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PAGE_SIZE, pfn, physAddr } from '../memory/pfn.ts';
import { runCommand } from '../process/owned-process.ts';
import { bytesSource } from '../vmcore/dump/byte-source.ts';
import { type ElfLoad, readElfCore } from '../vmcore/dump/elf.ts';
import { openVmcore } from '../vmcore/dump/open-vmcore.ts';
import type { PhysicalMemory } from '../vmcore/dump/physical-memory.ts';
import { openFile } from '../process/open-file.ts';
import { requireVmcore } from '../runner/vmcore-file.ts';

/** Paths of one dump in each format. */
export interface DumpFormats {
  readonly flattened: string;
  readonly compressed: string;
  readonly elf: string;
}

/** Writes a bundle's dump into a folder in each format, for tests and measurements. */
export async function writeFormats(
  bundle: string,
  folder: string,
  signal: AbortSignal,
): Promise<DumpFormats> {
  const [flattened, compressed, elf] = ['flattened', 'compressed', 'elf'].map((name) =>
    join(folder, `vmcore.${name}`),
  ) as [string, string, string];
  await using kept = await requireVmcore(join(bundle, 'vmcore'), signal);
  await copyFile(kept.path, flattened);
  const rearrange = ['bash', '-c', 'makedumpfile -R "$2" <"$1"', 'bash', flattened, compressed];
  await runCommand(rearrange, { signal });
  writeProcVmcore(bundle, flattened, elf);
  return { flattened, compressed, elf };
}

/**
 * Recreates `/proc/vmcore` from what a bundle keeps of it: the ELF headers and notes, and the pages
 * of the flattened dump. Pages that were filtered out are holes.
 */
function writeProcVmcore(bundle: string, flattened: string, path: string): void {
  const header = readFileSync(join(bundle, 'capture/vmcore-header'));
  const { loads } = readElfCore(bytesSource(header));
  using dump = openFile(flattened);
  const { memory } = openVmcore(dump);
  const fd = openSync(path, 'wx');
  try {
    writeSync(fd, header);
    ftruncateSync(fd, Math.max(...loads.map(({ offset, fileBytes }) => offset + fileBytes)));
    for (const load of loads) writeLoad(fd, load, memory);
  } finally {
    closeSync(fd);
  }
}

/** Writes the pages of a load, which may start within one. */
function writeLoad(
  fd: number,
  { paddr, fileBytes, offset }: ElfLoad,
  memory: PhysicalMemory,
): void {
  const end = paddr + fileBytes;
  for (let at: number = paddr; at < end;) {
    const next = Math.min(end, at - (at % PAGE_SIZE) + PAGE_SIZE);
    if (memory.has(pfn(Math.floor(at / PAGE_SIZE)))) {
      writeSync(fd, memory.read(physAddr(at), next - at), 0, next - at, offset + at - paddr);
    }
    at = next;
  }
}
