// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import type { CellSpec, Phase } from './cell-record.ts';

/** What is known of a file of a bundle. */
interface EvidenceRow {
  /** As results/README.md says it. */
  readonly is: string;
  /** The phase that leaves it; null for what is written when the cell is over. */
  readonly phase: Phase | null;
  /** Whether it is read into memory to be judged; the others are for people, or are read piece by piece. */
  readonly judged: boolean;
  /** The option without which a kernel does not leave it, if that is all it takes. */
  readonly shownBy?: `CONFIG_${string}`;
}

/** Every file that a cell leaves in its bundle, by its path there. What is made from them is not evidence. */
export const EVIDENCE = {
  'cell.json': {
    is: 'what was asked, what it ran on, how it ended (`cell.schema.json`)',
    phase: null,
    judged: false,
  },
  'timeline.jsonl': {
    is: "a line for each phase entered: `at`, in seconds since the cell's start, and `phase`",
    phase: null,
    judged: false,
  },
  'console.log': {
    is: 'what the kernels printed on their serial console',
    phase: 'firmware',
    judged: true,
  },
  'tap.log': { is: 'what the agent said (guest/PROTOCOL.md)', phase: 'boot', judged: false },
  'qmp.jsonl': { is: 'QMP, both ways', phase: 'firmware', judged: false },
  'personality.log': {
    is: 'of a cell with a layout: what OVMF was asked for and got (guest/personality/PROTOCOL.md)',
    phase: 'firmware',
    judged: true,
  },
  'system/iomem': { is: '`/proc/iomem`', phase: 'observe', judged: true },
  'system/cmdline': { is: '`/proc/cmdline`', phase: 'observe', judged: true },
  'system/dmesg': { is: "the kernel's log", phase: 'observe', judged: true },
  'system/release': { is: '`uname -r`', phase: 'observe', judged: true },
  'system/cpus': { is: 'the CPUs online, as a list (`0-3`)', phase: 'observe', judged: true },
  'system/kallsyms': {
    is: 'the lines of `/proc/kallsyms` that tell the policy and where the trampoline is',
    phase: 'observe',
    judged: true,
    shownBy: 'CONFIG_KALLSYMS',
  },
  'system/kpageflags': {
    is: 'a little-endian 64-bit word of `/proc/kpageflags` for each of pfn 0 to 255',
    phase: 'observe',
    judged: true,
    shownBy: 'CONFIG_PROC_PAGE_MONITOR',
  },
  'system/kpagecount': {
    is: 'the same of `/proc/kpagecount`',
    phase: 'observe',
    judged: false,
  },
  'system/firmware-memmap': {
    is: '`START END TYPE` for each entry of `/sys/firmware/memmap` (END inclusive)',
    phase: 'observe',
    judged: true,
  },
  'system/efi-runtime-map': {
    is: '`TYPE ATTRIBUTE PHYS_ADDR NUM_PAGES` for each entry of `/sys/firmware/efi/runtime-map`',
    phase: 'observe',
    judged: false,
  },
  'system/boot-params': {
    is: '`/sys/kernel/boot_params/data`: it tells where the EFI stub left the EFI memory map',
    phase: 'observe',
    judged: true,
  },
  'system/efi-memory-map.bin': {
    is: 'that map: what the firmware gave at `ExitBootServices`; the kernel marks in it what it keeps',
    phase: 'observe',
    judged: true,
  },
  'system/page0.bin': {
    is: 'physical page 0, with the BIOS data area',
    phase: 'observe',
    judged: true,
  },
  'system/real-mode.json': {
    is: "the kernel variables from which the trampoline's address follows",
    phase: 'observe',
    judged: true,
    shownBy: 'CONFIG_KALLSYMS_ALL',
  },
  'load/page-crcs.gz': {
    is: "gzip: a CRC-32, little-endian, for each page of the guest's RAM when the capture kernel had been loaded, in the order of QEMU's RAM",
    phase: 'load',
    judged: true,
  },
  'jump/page-crcs.gz': { is: 'the same at the kexec jump', phase: 'trigger', judged: true },
  'jump/low1m.bin': {
    is: 'physical memory from 0 to 1 MiB at the kexec jump; without one, just before the panic or the power-off',
    phase: 'trigger',
    judged: true,
  },
  'jump/registers': {
    is: "QEMU's `info registers -a` at that moment",
    phase: 'trigger',
    judged: false,
  },
  'jump/stack': {
    is: 'where in physical memory the stack of the CPU that jumps is',
    phase: 'trigger',
    judged: true,
  },
  'jump/vmcoreinfo-copy': {
    is: 'where the copy of VMCOREINFO is that the crashing kernel writes to',
    phase: 'trigger',
    judged: true,
    shownBy: 'CONFIG_KALLSYMS_ALL',
  },
  'capture/iomem': { is: '`/proc/iomem`', phase: 'capture', judged: true },
  'capture/cmdline': { is: '`/proc/cmdline`', phase: 'capture', judged: true },
  'capture/dmesg': { is: "the capture kernel's log", phase: 'capture', judged: true },
  'capture/release': { is: '`uname -r`', phase: 'capture', judged: false },
  'capture/cpus': { is: 'the CPUs online', phase: 'capture', judged: false },
  'capture/zoneinfo': { is: '`/proc/zoneinfo`', phase: 'capture', judged: true },
  'capture/vmcore-header': {
    is: 'the first 64 KiB of `/proc/vmcore`: ELF header, program headers, notes',
    phase: 'capture',
    judged: true,
  },
  'capture/crashed-dmesg': {
    is: "the crashed kernel's log, out of the vmcore",
    phase: 'capture',
    judged: true,
  },
  'capture/makedumpfile.log': {
    is: 'what makedumpfile said',
    phase: 'capture',
    judged: false,
  },
  'capture/vmcore-reads': {
    is: 'what read(), pread() and mmap() gave of `/proc/vmcore`, compared in the guest (guest/PROTOCOL.md)',
    phase: 'dump',
    judged: true,
  },
  'capture/page-crcs.gz': {
    is: 'as at the kexec jump, when the machine had ended',
    phase: 'off',
    judged: true,
  },
  'dead/kernel.json': {
    is: 'of a kernel that died or hung: what its memory shows of its pages, memblock, trampoline and stacks',
    phase: null,
    judged: true,
  },
  'dead/kallsyms': {
    is: 'those of its symbols that `system/kallsyms` has',
    phase: null,
    judged: true,
  },
  'dead/dmesg': { is: 'its log, as it is in memory', phase: null, judged: true },
  'dead/low1m.bin': {
    is: 'physical memory from 0 to 1 MiB as it left it',
    phase: null,
    judged: false,
  },
  'dead/registers': { is: "QEMU's `info registers -a` then", phase: null, judged: false },
  'dead/memory.zst': {
    is: "with `--keep memory`: QEMU's dump of the machine then, flattened, without its pages of zeroes",
    phase: null,
    judged: false,
  },
  vmcore: {
    is: 'with `--vmcore filtered`: as makedumpfile writes it, flattened',
    phase: 'dump',
    judged: false,
  },
  'vmcore.zst': {
    is: "the whole vmcore, flattened, without its pages of zeroes; of a cell without crashkernel QEMU's dump of the machine as it reboots",
    phase: 'dump',
    judged: false,
  },
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

/** Whether that is the path of an evidence file. */
function isEvidenceFile(path: string): path is EvidenceFile {
  return Object.hasOwn(EVIDENCE, path);
}

/** Where an evidence file lies on the host. */
export function evidencePath(bundle: string, file: EvidenceFile): string {
  return join(bundle, file);
}

/** The dump of such a cell: a complete one is packed, a filtered one was compressed by makedumpfile. */
export function vmcoreFile({ vmcore }: CellSpec): 'vmcore' | 'vmcore.zst' {
  return vmcore === 'filtered' || vmcore === 'none' ? 'vmcore' : 'vmcore.zst';
}

/** The files that a guest sends, by their names in its tar (guest/PROTOCOL.md); the host makes the others. */
const FROM_GUEST: Readonly<Record<'system' | 'capture', readonly string[]>> = {
  system: [
    'iomem',
    'cmdline',
    'dmesg',
    'release',
    'cpus',
    'kallsyms',
    'kpageflags',
    'kpagecount',
    'boot-params',
    'firmware-memmap',
    'efi-runtime-map',
  ],
  capture: [
    'iomem',
    'cmdline',
    'dmesg',
    'release',
    'cpus',
    'zoneinfo',
    'vmcore-header',
    'crashed-dmesg',
    'makedumpfile.log',
    'vmcore-reads',
  ],
};

/** The evidence file that a guest sends under a name; undefined if it may not send one of that name. */
export function findGuestFile(
  role: keyof typeof FROM_GUEST,
  name: string,
): EvidenceFile | undefined {
  const path = `${role}/${name}`;
  return FROM_GUEST[role].includes(name) && isEvidenceFile(path) ? path : undefined;
}
