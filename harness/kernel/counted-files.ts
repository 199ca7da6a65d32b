// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * The files of a kernel that decide who owns low memory, without `.c`. A kernel whose config has CONFIG_GCOV_KERNEL
 * counts which of their branches it takes. `arch/x86/platform/efi/efi.c` is not among them: kbuild tells objects by
 * their name alone, and `arch/x86/boot/compressed/efi.o` cannot count.
 */
export const COUNTED_FILES = [
  'arch/x86/kernel/crash',
  'arch/x86/kernel/e820',
  'arch/x86/kernel/setup',
  'arch/x86/platform/efi/memmap',
  'arch/x86/platform/efi/quirks',
  'arch/x86/realmode/init',
  'kernel/crash_reserve',
  'mm/memblock',
] as const;

/** What make is told so that they count, by the kernel's whole config (Documentation/dev-tools/gcov.rst). */
export function countingArguments(config: string): string[] {
  if (!/^CONFIG_GCOV_KERNEL=y$/m.test(config)) return [];
  return COUNTED_FILES.map((file) => `GCOV_PROFILE_${basename(file)}.o=y`);
}

/** The compiler's notes on the counters (`.gcno`) of those files beside a built image. */
export function notesFolder(image: string): string {
  return join(dirname(image), 'gcov');
}

/** Whether a kernel counts. */
export function isCounting(image: string): boolean {
  return existsSync(notesFolder(image));
}

/** Keeps the compiler's notes beside an image; the next build replaces those among the objects. */
export async function keepNotes(objects: string, image: string): Promise<void> {
  for (const file of COUNTED_FILES) {
    const notes = join(objects, `${file}.gcno`);
    if (!existsSync(notes)) continue;
    const kept = join(notesFolder(image), `${file}.gcno`);
    await mkdir(dirname(kept), { recursive: true });
    await copyFile(notes, kept);
  }
}
