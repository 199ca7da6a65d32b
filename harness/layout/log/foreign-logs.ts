// SPDX-License-Identifier: MIT
/** Logs of which the model knows nothing, each by its name. */
import { FormatError } from '../../errors.ts';

/** What a log without a memory map may be, and what to say of it. */
const FOREIGN: readonly (readonly [pattern: RegExp, says: string])[] = [
  [
    /\bXen: \[mem 0x|\bXen: [0-9a-f]{16} - |Hypervisor detected: Xen PV|Booting paravirtualized kernel on Xen(?! HVM| PVH)/,
    'found one of a kernel under Xen PV: it has no trampoline, and there is nothing to predict',
  ],
  [/\baarch64\b|Booting Linux on physical CPU 0x0000|\barm64\b/, 'found one of arm64'],
  [/\bBooting Linux on physical CPU\b|\bARMv[4-7]|\barmv\dl?\b/, 'found one of arm'],
  [/\briscv(?:32|64)?\b|\bSBI specification\b/, 'found one of riscv'],
  [/\bppc64(?:le)?\b|\bpowerpc|\bpSeries\b|\bPowerNV\b/i, 'found one of powerpc'],
  [
    /\bs390x?\b|Linux is running (?:as a z\/VM|natively in 64-bit|under KVM in 64-bit)/,
    'found one of s390',
  ],
  [/\bloongarch(?:64)?\b/i, 'found one of loongarch'],
  [/\bmips(?:64)?(?:el)?\b/i, 'found one of mips'],
  [/\bia64\b|\bItanium\b/i, 'found one of ia64'],
  [/\bsparc(?:64)?\b/i, 'found one of sparc'],
];

/** Lines that name what they run on: others quote much. */
const TELLING =
  /\bLinux version |\bXen: |\bXen PV\b|paravirtualized kernel|physical CPU|\bMachine\b|\bSBI\b|\bCPU: |setup: Linux is|pSeries|PowerNV/;

const LINES_LIMIT = 2000;

/** The error for a log without a memory map: which other machine it is of, or what to do. */
export function withoutMap(lines: readonly string[]): FormatError {
  const telling = lines.slice(0, LINES_LIMIT).filter((line) => TELLING.test(line));
  const found = FOREIGN.find(([pattern]) => telling.some((line) => pattern.test(line)));
  if (found) {
    return new FormatError(
      `Cannot read a memory map from the log: expected a log of x86-64, ${found[1]}`,
    );
  }
  return new FormatError(
    'Cannot read a memory map from the log: expected lines "efi: mem00: …" or "BIOS-e820: …", found none; boot with efi=debug and save the whole log, from its first line ("journalctl -k -b" has it)',
  );
}
