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
import { findVmcore } from '../runner/vmcore-file.ts';

/** One dump in each format. */
export interface DumpFormats {
  readonly flattened: string;
  readonly compressed: string;
  readonly elf: string;
}

/** Writes the dump of a bundle into a folder in each format, for tests and measurements. */
export async function writeFormats(
  bundle: string,
  folder: string,
  signal: AbortSignal,
): Promise<DumpFormats> {
  const [flattened, compressed, elf] = ['flattened', 'compressed', 'elf'].map((name) =>
    join(folder, `vmcore.${name}`),
  ) as [string, string, string];
  await using kept = await findVmcore(join(bundle, 'vmcore'), signal);
  await copyFile(kept?.path ?? join(bundle, 'vmcore'), flattened);
  const rearrange = ['bash', '-c', 'makedumpfile -R "$2" <"$1"', 'bash', flattened, compressed];
  await runCommand(rearrange, { signal });
  writeProcVmcore(bundle, flattened, elf);
  return { flattened, compressed, elf };
}

/**
 * Writes `/proc/vmcore` of a bundle's capture kernel again, of the flattened dump that the bundle has of it: the ELF header,
 * program headers and notes that are kept, and the pages that were dumped; those that were not are holes.
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

/** A load need not begin with a page. */
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
