// SPDX-License-Identifier: MIT
/** What the model is given of a machine that a log or a layout describes, and what it has to assume. */
import type { Layout } from '../../layout/layout.ts';
import type { LogCauses } from '../../layout/log/log-causes.ts';
import { wholeMachine } from '../../layout/whole-machine.ts';
import { EFI_BOOT_SERVICES_DATA } from '../../memory/efi-memory-map.ts';
import { PAGE_SIZE, SZ_1M, hex } from '../../memory/pfn.ts';
import type { PhysRange } from '../../memory/phys-range.ts';
import { printableText } from '../../memory/printable-text.ts';
import { saysLocked } from '../../model/kernel-traits.ts';
import { type ModelInputs, PLAIN_MACHINE, keepsEfiMap } from '../../model/model-inputs.ts';
import type { PolicyChoice } from '../../model/tell-policy.ts';
import { meetsCondition, parseKernelCondition } from '../../kernel-condition.ts';
import { findPolicyOfRelease } from '../policy-of-release.ts';

/** What a person says of a machine beside its log; null and empty for what they do not. */
export interface ToldInputs {
  readonly cmdline: string | null;
  /** Words to add to the command line. */
  readonly append: readonly string[];
  /** Bytes. */
  readonly trampolineSize: number | null;
  /** The words of the BIOS data area: KiB of base memory, and where the extended one begins, in bytes. */
  readonly baseMemoryKiB: number | null;
  readonly ebda: number | null;
  /** What the kernel was loaded with: the EFI map, the initrd. */
  readonly reserved: readonly PhysRange[];
  readonly esrt: PhysRange | null;
}

/** Something that the answer rests on and that nothing tells. */
interface Assumption {
  readonly says: string;
  /** What tells it. */
  readonly option: string | null;
}

/** See the file. */
export interface LogMachine {
  readonly inputs: ModelInputs;
  /** The policy of the log's own kernel; null if it does not say which that is. */
  readonly policy: PolicyChoice | null;
  /** What was taken from the log, and how it was read. */
  readonly told: readonly string[];
  readonly assumed: readonly Assumption[];
}

/** The machine of a layout, with what its log tells of the causes, and what a person adds. */
export function machineOf(layout: Layout, told: ToldInputs): LogMachine {
  const { log } = layout;
  const cmdline = [told.cmdline ?? log?.causes.cmdline ?? PLAIN_MACHINE.cmdline, ...told.append]
    .filter((text) => text !== '')
    .join(' ');
  const inputs = inputsOf(layout, cmdline, told);
  if (!log) return { inputs, policy: null, told: [], assumed: assumedOf(layout, told) };
  const policy = policyOf(log.causes, log.lines);
  return {
    inputs,
    policy,
    told: [...log.notes, ...toldOf(log.causes, policy, told)],
    assumed: assumptions({ inputs, causes: log.causes, told }),
  };
}

function esrtOf(causes: LogCauses | undefined): PhysRange | null {
  return causes && copiesMaps(causes.release) ? causes.tables.esrtRange : null;
}

function inputsOf(layout: Layout, cmdline: string, told: ToldInputs): ModelInputs {
  const causes = layout.log?.causes;
  const machine = { ...PLAIN_MACHINE, ...(causes ? layout.maps : wholeMachine(layout)) };
  const { ebdaSegment, baseMemoryKiB } = machine.biosWords;
  return {
    ...machine,
    biosWords: {
      ebdaSegment: told.ebda === null ? ebdaSegment : told.ebda >> 4,
      baseMemoryKiB: told.baseMemoryKiB ?? baseMemoryKiB,
    },
    cmdline,
    trampolineSize: told.trampolineSize ?? causes?.trampolineSize ?? usualSize(causes),
    earlyReservations: told.reserved,
    keptTables: {
      ...machine.keptTables,
      esrt: told.esrt ?? esrtOf(causes) ?? machine.keptTables.esrt,
    },
    sandyBridgeGraphics: causes?.sandyBridgeGraphics ?? false,
  };
}

/** Six pages in each public log from 3.5 to 5.10 that shows it; seven in Debian's 6.1 and later. */
function usualSize(causes: LogCauses | undefined): number {
  const old = parseKernelCondition('..5.12');
  const isOld = old !== undefined && meetsCondition(old, causes?.release ?? '');
  return isOld ? 6 * PAGE_SIZE : PLAIN_MACHINE.trampolineSize;
}

/** `efi_mem_reserve()` copies the map from v4.9 on (Linux kernel commit 816e76129ed5); what is not known may be later. */
function copiesMaps(release: string | null): boolean {
  const before = parseKernelCondition('..4.8');
  return !before || release === null || !meetsCondition(before, release);
}

/** What the kernel says counts more than its release: distributions backport. */
function policyOf({ release }: LogCauses, lines: readonly string[]): PolicyChoice | null {
  const log = lines.join('\n');
  const traits = { symbols: new Map(), log, cmdline: '', release: release ?? '' };
  if (saysLocked(traits)) {
    return { id: 'lock-on-crashkernel', how: 'it says that it locks the first 1 MiB' };
  }
  const found = release === null ? undefined : findPolicyOfRelease(release);
  return found ? { id: found.id, how: `its release is ${found.version}` } : null;
}

function toldOf(causes: LogCauses, policy: PolicyChoice | null, told: ToldInputs): string[] {
  const { release, cmdline, trampolineSize, sandyBridgeGraphics, tables } = causes;
  const says = [
    ...(release === null ? [] : [`kernel ${printableText(release)}`]),
    ...(cmdline === null || told.cmdline !== null ? [] : ['its command line']),
    ...(trampolineSize === null || told.trampolineSize !== null
      ? []
      : [`a trampoline of ${hex(trampolineSize)} bytes`]),
    ...(sandyBridgeGraphics ? ['Sandy Bridge graphics'] : []),
    ...(tables.esrtRange === null || told.esrt !== null ? [] : ['where the ESRT is']),
  ];
  return [
    ...(says.length > 0 ? [`Taken from the log: ${says.join(', ')}`] : []),
    ...(policy ? [`The log's kernel follows ${policy.id}: ${policy.how}`] : []),
  ];
}

interface Known {
  readonly inputs: ModelInputs;
  readonly causes: LogCauses;
  readonly told: ToldInputs;
}

interface AssumptionRow extends Assumption {
  readonly when: (known: Known) => boolean;
}

/** What a log cannot tell, and what is assumed instead. */
const ASSUMPTIONS: readonly AssumptionRow[] = [
  {
    when: ({ told }) => told.baseMemoryKiB === null && told.ebda === null,
    says: "the BIOS's own memory begins at 0x9f000: no log has the BIOS data area",
    option: '--base-memory <KiB> or --ebda <address>',
  },
  {
    when: ({ causes, told }) => causes.isEfi && !causes.isGrubMap && told.reserved.length === 0,
    says: 'the boot loader put nothing below 1 MiB: not the EFI map, not the initrd',
    option: '--reserved <range>',
  },
  {
    when: ({ causes, told }) => causes.isGrubMap && told.reserved.length === 0,
    says: "nothing is loaded below 1 MiB; but type 20 shows GRUB's i386 loader, which puts the EFI map below 0x90000",
    option: '--reserved <range>',
  },
  {
    when: ({ inputs, causes }) =>
      inputs.efiMap === null && causes.tables.esrt && copiesMaps(causes.release),
    says: 'no copy of the EFI map, but for an ESRT: a copy of the EFI map goes below 1 MiB; its size needs efi=debug',
    option: '--reserved <range>',
  },
  {
    when: ({ inputs, causes }) =>
      inputs.efiMap !== null && causes.tables.esrt && inputs.keptTables.esrt === null,
    says: 'the ESRT lies where the kernel copies no EFI map for it: the log names it but not its place',
    option: '--esrt <range>',
  },
  {
    when: ({ inputs, causes }) => causes.tables.bgrt && copiesForEsrt(inputs),
    says: 'the boot logo (BGRT) takes no new copy of the EFI map: if it does, the kernel frees the first one',
    option: null,
  },
  {
    when: ({ inputs, causes }) => inputs.efiMap !== null && causes.tables.mokvar,
    says: 'the MOKvar table lies where the kernel copies no EFI map for it',
    option: '--reserved <range>',
  },
  {
    when: ({ causes }) => /\.el\d/.test(causes.release ?? ''),
    says: "the kernel does what kernel.org's of that release does: distributions backport",
    option: '--policy <id>',
  },
  {
    when: ({ causes }) => causes.is32Bit,
    says: 'a 64-bit kernel on this machine: the log is of a 32-bit one',
    option: null,
  },
];

function assumptions(known: Known): Assumption[] {
  const { inputs, causes, told } = known;
  const isKnown = causes.trampolineSize !== null || told.trampolineSize !== null;
  return [
    ...ASSUMPTIONS.flatMap(({ when, ...assumed }) => (when(known) ? [assumed] : [])),
    ...(isKnown ? [] : [usualTrampoline(inputs)]),
  ];
}

function usualTrampoline({ trampolineSize }: Pick<ModelInputs, 'trampolineSize'>): Assumption {
  return {
    says: `the trampoline has ${hex(trampolineSize)} bytes, as is usual`,
    option: '--trampoline-size <size>',
  };
}

/** What a layout that is no log does not tell. */
function assumedOf({ levers }: Layout, told: ToldInputs): Assumption[] {
  const rows: readonly (Assumption & { readonly when: boolean })[] = [
    {
      when: levers.biosWords === null && told.baseMemoryKiB === null && told.ebda === null,
      says: "the BIOS's own memory begins at 0x9f000: the layout has no BIOS data area",
      option: '--base-memory <KiB> or --ebda <address>',
    },
    {
      when: told.reserved.length === 0,
      says: 'the boot loader put nothing below 1 MiB: not the EFI map, not the initrd',
      option: '--reserved <range>',
    },
  ];
  const found = rows.flatMap(({ when, ...assumed }) => (when ? [assumed] : []));
  return told.trampolineSize === null
    ? [...found, usualTrampoline({ trampolineSize: PLAIN_MACHINE.trampolineSize })]
    : found;
}

/** Whether the ESRT lies in boot services data, for which `efi_mem_reserve()` copies the map. */
function copiesForEsrt(inputs: ModelInputs): boolean {
  const { esrt } = inputs.keptTables;
  if (!esrt || !keepsEfiMap(inputs)) return false;
  return (inputs.efiMap ?? []).some(
    ({ type, range }) =>
      type === EFI_BOOT_SERVICES_DATA && range.start <= esrt.start && esrt.end <= range.end,
  );
}

/** Whether anything is known above 1 MiB, where crashkernel must find its place. */
export function knowsHighRam({ e820 }: Pick<ModelInputs, 'e820'>): boolean {
  return e820.some(({ range, ram }) => ram && range.end > SZ_1M + PAGE_SIZE);
}
