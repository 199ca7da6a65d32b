// SPDX-License-Identifier: MIT
/** What is particular to a cell's kernel, as far as the model takes it for given. */
import { findParameter, findSize, parseCmdline } from '../../memory/kernel-cmdline.ts';
import { FIRST_LINE, findLogLine } from '../../memory/kernel-log.ts';
import { parseMemblockDump } from '../../memory/memblock-log.ts';
import { SZ_1M } from '../../memory/pfn.ts';
import { type PhysRange, findRange } from '../../memory/phys-range.ts';
import { type KernelDetails, detailsOfRelease } from '../../model/kernel-details.ts';
import type { MemblockRegion } from '../../model/memblock-regions.ts';
import type { ModelInputs } from '../../model/model-inputs.ts';
import type { Evidence } from './evidence.ts';

type GivenKernel = Pick<
  ModelInputs,
  | 'kernel'
  | 'disablesRuntime'
  | 'reservedAbove1M'
  | 'corruptionCheckSize'
  | 'tdxHost'
  | 'hotplugsMemory'
  | 'kexecHandover'
>;

/** What the kernel of a cell has, by its release, its log before it hands out memory, and its symbols. */
export function findGivenKernel(evidence: Evidence): GivenKernel {
  const { cmdline, systemLog: log } = evidence;
  const release = (evidence.text('system/release') ?? evidence.cell.kernel?.release ?? '').trim();
  return {
    kernel: /^\d/.test(release) ? findDetails(evidence, versionOf(evidence, release)) : null,
    disablesRuntime: disablesRuntime(evidence, release),
    reservedAbove1M: findReservedAbove1M(log),
    corruptionCheckSize: SCANNING.test(log) ? corruptionCheckSize(cmdline) : 0,
    tdxHost: TDX.test(log),
    hotplugsMemory: !isUnknownTo(log, 'movable_node'),
    kexecHandover: evidence.kallsyms.value?.has('kho_is_enabled') === true && asksForKho(cmdline),
  };
}

/** What its version says, but for what its symbols show. */
function findDetails({ kallsyms: { value: symbols } }: Evidence, version: string): KernelDetails {
  const details = detailsOfRelease(version);
  // Bundles from before these symbols were kept have neither: every kernel has the first.
  if (symbols?.has('efi_mem_reserve') !== true) return details;
  return {
    ...details,
    copiesMemmap: symbols.has('efi_memmap_insert'),
    marksTables: symbols.has('memblock_reserved_mark_kern'),
  };
}

/**
 * Whether a kernel says that it does not know a parameter (`print_unknown_bootoptions()`, from v5.14 on); an older one
 * says nothing.
 */
function isUnknownTo(log: string, parameter: string): boolean {
  const [, unknown = ''] = /\bUnknown kernel command line parameters "([^"\n]*)"/.exec(log) ?? [];
  return unknown.split(' ').includes(parameter);
}

/**
 * The version that a kernel is built from. Distributions leave it out of the release (`6.1.0-50-amd64`), but name it in
 * the kernel's first line, or in the package's version: the highest of the same series.
 */
function versionOf({ systemLog, cell }: Evidence, release: string): string {
  const [series = release] = /^\d{1,4}\.\d{1,4}/.exec(release) ?? [];
  const banner = findLogLine(systemLog, FIRST_LINE) ?? '';
  const text = `${release} ${banner} ${cell.kernel?.package ?? ''}`;
  const patches = Array.from(text.matchAll(/\b(\d{1,4}\.\d{1,4})\.(\d{1,4})\b/g))
    .filter(([, of]) => of === series)
    .map(([, , patch]) => Number(patch));
  return patches.length === 0 ? release : `${series}.${Math.max(...patches)}`;
}

/**
 * Parameters of which the model does not know what they make of low memory: each takes some, or changes the maps
 * that all depends on (`efi_fake_memmap()`, `e820__memblock_alloc_reserved_mpc_new()`, `do_add_efi_memmap()`).
 */
const UNKNOWN_PARAMETERS = ['efi_fake_mem', 'alloc_mptable', 'add_efi_memmap'];

/** One that is on the command line. */
export function findUnknownParameter(cmdline: string): string | undefined {
  const names = new Set(parseCmdline(cmdline).map(({ name }) => name));
  return UNKNOWN_PARAMETERS.find((name) => names.has(name));
}

/** What `__e820__range_add()` prints once all its entries are taken (arch/x86/kernel/e820.c). */
const IGNORED = /\btoo many entries; ignoring \[mem 0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16})\]/g;

/** A range below 1 MiB that `memmap=`, or the kernel itself, meant to put into the e820 map; one above it decides nothing. */
export function findIgnoredEntry(log: string): PhysRange | undefined {
  for (const [, first = '', last = ''] of log.matchAll(IGNORED)) {
    const range = findRange(first, last);
    if (range && range.start < SZ_1M) return range;
  }
  return undefined;
}

/**
 * Whether the configuration disables runtime services (CONFIG_EFI_DISABLE_RUNTIME): it does of PREEMPT_RT kernels, unless
 * it says otherwise, and then `/sys/firmware/efi/runtime-map` has entries.
 */
function disablesRuntime(evidence: Evidence, release: string): boolean {
  const banner = findLogLine(evidence.systemLog, FIRST_LINE, 'PREEMPT_RT');
  const isRt = banner !== undefined || /[-+]rt(?:\d|-|$)/.test(release);
  return isRt && (evidence.text('system/efi-runtime-map') ?? '').trim() === '';
}

/** `MEMBLOCK_RSRV_KERN`. */
const RSRV_KERN = 0x20;

function findReservedAbove1M(log: string): MemblockRegion[] | null {
  const dump = parseMemblockDump(log);
  // One that crosses 1 MiB is in both halves of the list.
  if (!dump || dump.some(({ range }) => range.start < SZ_1M && range.end > SZ_1M)) return null;
  return dump
    .filter(({ range }) => range.start >= SZ_1M)
    .map(({ range, flags }) => ({ ...range, kern: (flags & RSRV_KERN) !== 0 }));
}

/** What `setup_bios_corruption_check()` prints (arch/x86/kernel/check.c) of memory that it reserves. */
const SCANNING = /\bScanning [1-9]\d* areas for low memory corruption/;
/** The default, bytes. */
const CORRUPTION_CHECK_SIZE = 0x1_0000;

function corruptionCheckSize(cmdline: string): number {
  const value = findParameter(cmdline, 'memory_corruption_check_size')?.value;
  return (value && findSize(value)?.bytes) || CORRUPTION_CHECK_SIZE;
}

/** What the kernel prints if it can be a TDX host (arch/x86/virt/vmx/tdx/tdx.c). */
const TDX = /\bvirt\/tdx: BIOS enabled: private KeyID range/;

/** `kho_parse_enable()`: what `kstrtobool()` takes for true. */
function asksForKho(cmdline: string): boolean {
  const values = parseCmdline(cmdline).flatMap(({ name, value }) => (name === 'kho' ? value : []));
  return /^(?:[yt1]|on)/i.test(values.at(-1) ?? '');
}
