// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import type { CellSpec } from './cell-record.ts';
import * as most from './evidence-limits.ts';
import type { EvidenceRow } from './evidence-row.ts';
import { VMCORE_EVIDENCE } from './vmcore-evidence.ts';

type SentRow = Omit<EvidenceRow, 'phase' | 'fromGuest'>;

/** What the guest sends of the system kernel. */
const observed = <const T extends SentRow>(row: T) =>
  ({ ...row, phase: 'observe', fromGuest: true }) as const;

/** What it sends of the capture kernel. */
const captured = <const T extends SentRow>(row: T) =>
  ({ ...row, phase: 'capture', fromGuest: true }) as const;

/** Every file that a cell leaves in its bundle, by its path there. What is made from them is not evidence. */
export const EVIDENCE = {
  'cell.json': {
    is: 'what was asked, what it ran on, how it ended (`cell.schema.json`)',
    phase: null,
    judged: false,
    limit: most.RECORD,
  },
  'timeline.jsonl': {
    is: "a line for each phase entered: `at`, in seconds since the cell's start, and `phase`",
    phase: null,
    judged: false,
    limit: most.LINES,
  },
  'console.log': {
    is: 'what the kernels printed on their serial console',
    phase: 'firmware',
    judged: true,
    limit: most.PORT_LOG,
  },
  'tap.log': {
    is: 'what the agent said (guest/PROTOCOL.md)',
    phase: 'boot',
    judged: false,
    limit: most.PORT_LOG,
  },
  'qmp.jsonl': { is: 'QMP, both ways', phase: 'firmware', judged: false, limit: most.PORT_LOG },
  'personality.log': {
    is: 'of a cell with a layout: what OVMF was asked for and got (guest/personality/PROTOCOL.md)',
    phase: 'firmware',
    judged: true,
    limit: most.TABLE,
  },
  'system/iomem': observed({ is: '`/proc/iomem`', judged: true, limit: most.TABLE }),
  'system/cmdline': observed({ is: '`/proc/cmdline`', judged: true, limit: most.LINES }),
  'system/dmesg': observed({
    is: "the kernel's log",
    judged: true,
    limit: most.KERNEL_LOG,
    keepsEnd: true,
  }),
  'system/release': observed({ is: '`uname -r`', judged: true, limit: most.LINES }),
  'system/cpus': observed({
    is: 'the CPUs online, as a list (`0-3`)',
    judged: true,
    limit: most.LINES,
  }),
  'system/kallsyms': observed({
    is: 'the lines of `/proc/kallsyms` that tell the policy and where the trampoline is',
    judged: true,
    limit: most.LINES,
    shownBy: 'CONFIG_KALLSYMS',
  }),
  'system/kpageflags': observed({
    is: 'a little-endian 64-bit word of `/proc/kpageflags` for each of pfn 0 to 255',
    judged: true,
    limit: most.LOW_PAGE_WORDS,
    shownBy: 'CONFIG_PROC_PAGE_MONITOR',
  }),
  'system/kpagecount': observed({
    is: 'the same of `/proc/kpagecount`',
    judged: false,
    limit: most.LOW_PAGE_WORDS,
  }),
  'system/firmware-memmap': observed({
    is: '`START END TYPE` for each entry of `/sys/firmware/memmap` (END inclusive)',
    judged: true,
    limit: most.TABLE,
  }),
  'system/efi-runtime-map': observed({
    is: '`TYPE ATTRIBUTE PHYS_ADDR NUM_PAGES` for each entry of `/sys/firmware/efi/runtime-map`',
    judged: true,
    limit: most.TABLE,
  }),
  'system/boot-params': observed({
    is: '`/sys/kernel/boot_params/data`: it tells where the EFI stub left the EFI memory map',
    judged: true,
    limit: most.PAGE,
  }),
  'system/gcov.tar': observed({
    is: 'of a kernel that counts its branches: the `.gcda` files of `/sys/kernel/debug/gcov`, under their paths',
    judged: false,
    limit: most.TABLE,
  }),
  'system/efi-memory-map.bin': {
    is: 'that map: what the firmware gave at `ExitBootServices`; the kernel marks in it what it keeps',
    phase: 'observe',
    judged: true,
    limit: most.TABLE,
  },
  'system/page0.bin': {
    is: 'physical page 0, with the BIOS data area',
    phase: 'observe',
    judged: true,
    limit: most.PAGE,
  },
  'system/real-mode.json': {
    is: "the kernel variables from which the trampoline's address follows",
    phase: 'observe',
    judged: true,
    limit: most.LINES,
    shownBy: 'CONFIG_KALLSYMS_ALL',
  },
  'load/page-crcs.gz': {
    is: "gzip: a CRC-32, little-endian, for each page of the guest's RAM when the capture kernel had been loaded, in the order of QEMU's RAM",
    phase: 'load',
    judged: true,
    limit: most.packedHashes,
  },
  'jump/page-crcs.gz': {
    is: 'the same at the kexec jump',
    phase: 'trigger',
    judged: true,
    limit: most.packedHashes,
  },
  'jump/low1m.bin': {
    is: 'physical memory from 0 to 1 MiB at the kexec jump; without one, just before the panic or the power-off',
    phase: 'trigger',
    judged: true,
    limit: most.LOW_MEMORY,
  },
  'jump/registers': {
    is: "QEMU's `info registers -a` at that moment",
    phase: 'trigger',
    judged: false,
    limit: most.registersBytes,
  },
  'jump/stack': {
    is: 'where in physical memory the stack of the CPU that jumps is, and its KASAN shadow',
    phase: 'trigger',
    judged: true,
    limit: most.LINES,
  },
  'jump/vmcoreinfo-copy': {
    is: 'where the copy of VMCOREINFO is that the crashing kernel writes to',
    phase: 'trigger',
    judged: true,
    limit: most.LINES,
    shownBy: 'CONFIG_KALLSYMS_ALL',
  },
  'capture/iomem': captured({ is: '`/proc/iomem`', judged: true, limit: most.TABLE }),
  'capture/cmdline': captured({ is: '`/proc/cmdline`', judged: true, limit: most.LINES }),
  'capture/dmesg': captured({
    is: "the capture kernel's log",
    judged: true,
    limit: most.KERNEL_LOG,
    keepsEnd: true,
  }),
  'capture/release': captured({ is: '`uname -r`', judged: false, limit: most.LINES }),
  'capture/cpus': captured({ is: 'the CPUs online', judged: false, limit: most.LINES }),
  'capture/zoneinfo': captured({ is: '`/proc/zoneinfo`', judged: true, limit: most.TABLE }),
  'capture/vmcore-header': captured({
    is: 'the first 64 KiB of `/proc/vmcore`: ELF header, program headers, notes',
    judged: true,
    limit: most.LINES,
  }),
  'capture/crashed-dmesg': captured({
    is: "the crashed kernel's log, out of the vmcore",
    judged: true,
    limit: most.KERNEL_LOG,
    keepsEnd: true,
  }),
  'capture/makedumpfile.log': captured({
    is: 'what makedumpfile said',
    judged: false,
    limit: most.TABLE,
    keepsEnd: true,
  }),
  'capture/vmcore-reads': {
    is: 'what read(), pread() and mmap() gave of `/proc/vmcore`, compared in the guest (guest/PROTOCOL.md)',
    phase: 'dump',
    judged: true,
    fromGuest: true,
    limit: most.TABLE,
  },
  'capture/page-crcs.gz': {
    is: 'as at the kexec jump, when the machine had ended',
    phase: 'off',
    judged: true,
    limit: most.packedHashes,
  },
  'dead/kernel.json': {
    is: 'of a kernel that died or hung: what its memory shows of its pages, memblock, trampoline and stacks',
    phase: null,
    judged: true,
    limit: most.DEAD_RECORD,
  },
  'dead/kallsyms': {
    is: 'those of its symbols that `system/kallsyms` has',
    phase: null,
    judged: true,
    limit: most.LINES,
  },
  'dead/dmesg': {
    is: 'its log, as it is in memory',
    phase: null,
    judged: true,
    limit: most.KERNEL_LOG,
    keepsEnd: true,
  },
  'dead/low1m.bin': {
    is: 'physical memory from 0 to 1 MiB as it left it',
    phase: null,
    judged: false,
    limit: most.LOW_MEMORY,
  },
  'dead/registers': {
    is: "QEMU's `info registers -a` then",
    phase: null,
    judged: false,
    limit: most.registersBytes,
  },
  'dead/memory.zst': {
    is: "with `--keep memory`: QEMU's dump of the machine then, flattened, without its pages of zeroes",
    phase: null,
    judged: false,
    limit: most.packedDump,
  },
  ...VMCORE_EVIDENCE,
} as const satisfies Record<string, EvidenceRow>;

/** The path of an evidence file in its bundle. */
export type EvidenceFile = keyof typeof EVIDENCE;

/** The path of one that is read into memory. */
export type JudgedFile = {
  [File in EvidenceFile]: (typeof EVIDENCE)[File]['judged'] extends true ? File : never;
}[EvidenceFile];

/** The evidence files, in the table's order. */
export const EVIDENCE_FILES = Object.keys(EVIDENCE) as EvidenceFile[];

/** What is known of an evidence file. */
export function evidenceRow(file: EvidenceFile): EvidenceRow {
  return EVIDENCE[file];
}

/** The most bytes that the file may have in the bundle of such a cell. */
export function evidenceLimit(file: EvidenceFile, machine: most.Machine): number {
  const { limit } = evidenceRow(file);
  return typeof limit === 'number' ? limit : limit(machine);
}

/** Whether that is the path of an evidence file. */
export function isEvidenceFile(path: string): path is EvidenceFile {
  return Object.hasOwn(EVIDENCE, path);
}

/** Where an evidence file lies on the host. */
export function evidencePath(bundle: string, file: EvidenceFile): string {
  return join(bundle, file);
}

/** Where a dump is: not packed, packed, or shared with others. */
export const VMCORES = [
  'vmcore',
  'vmcore.zst',
  'vmcore.shared.json',
] as const satisfies readonly EvidenceFile[];

/** The dump of such a cell: a complete one is packed, a filtered one was compressed by makedumpfile. */
export function vmcoreFile({ vmcore }: CellSpec): 'vmcore' | 'vmcore.zst' {
  return vmcore === 'filtered' || vmcore === 'none' ? 'vmcore' : 'vmcore.zst';
}
