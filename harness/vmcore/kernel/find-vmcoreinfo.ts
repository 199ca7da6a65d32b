// SPDX-License-Identifier: MIT
/** Searches memory for the VMCOREINFO of the kernel in it, for dumps that do not have the note. */
import { FormatError } from '../../errors.ts';
import { type PhysAddr, physAddr } from '../../memory/pfn.ts';
import { seeing } from '../../seen.ts';
import type { PhysicalMemory } from '../dump/physical-memory.ts';
import type { CpuRegisters } from '../dump/prstatus.ts';
import { type Vmcoreinfo, parseVmcoreinfo } from '../dump/vmcoreinfo.ts';
import { type PageTables, kernelPageTables, pageTableSymbol, topEntry } from './page-tables.ts';
import { findPhysBase, mapsItself } from './phys-base.ts';
import { VirtualMemory } from './virtual-memory.ts';
import { type VmcoreinfoText, findVmcoreinfoTexts } from './vmcoreinfo-texts.ts';

/** A VMCOREINFO whose page tables are in memory, and map the kernel that it tells of. */
interface FoundVmcoreinfo {
  readonly vmcoreinfo: Vmcoreinfo;
  readonly physBase: number;
  /** Where its text lies; the kernel has the text itself, its note, and a copy in crashkernel. */
  readonly places: readonly PhysAddr[];
  /** CPUs that run this kernel, as far as registers tell. */
  readonly cpus: number;
  /** Whether `init_uts_ns` in the kernel has the same release. */
  readonly agrees: boolean;
}

/** What a search of memory gave. */
export interface VmcoreinfoSearch {
  /** One for each kernel, the best first: that which the CPUs run. */
  readonly kernels: readonly FoundVmcoreinfo[];
  /** Whether nothing tells the first two kernels apart. */
  readonly ambiguous: boolean;
  /** Different texts that look like VMCOREINFO, of which most may lead to no kernel. */
  readonly texts: number;
  readonly searchedBytes: number;
  /** Whether the search ended before the memory. */
  readonly cutOff: boolean;
}

/** Texts without a value of `phys_base` for which memory is searched again. */
const OLD_FORMS_LIMIT = 16;

/** CPUs that are asked which kernel they run; one that crashed runs it on all. */
const CPUS_LIMIT = 256;

/** Bytes at `init_uts_ns` in which its `struct new_utsname` begins; a counter may come before. */
const UTS_BYTES = 512;
const UTS_NAME_WITHIN = 16;
/** Bytes of a name in `struct new_utsname`; `release` is the third. */
const UTSNAME_BYTES = 65;

/** The VMCOREINFO of the kernel that runs in this memory; null if there is none that leads to it. */
export function findVmcoreinfo(
  memory: PhysicalMemory,
  cpus: readonly CpuRegisters[] = [],
): Vmcoreinfo | null {
  return searchVmcoreinfo(memory, cpus).kernels[0]?.vmcoreinfo ?? null;
}

/**
 * Finds the VMCOREINFO of all kernels in memory. Memory also has format strings, files, and what
 * is left of kernels before a reset or a kexec: only a text counts whose page tables map
 * themselves and the kernel, and whose release that kernel has.
 */
export function searchVmcoreinfo(
  memory: PhysicalMemory,
  cpus: readonly CpuRegisters[] = [],
): VmcoreinfoSearch {
  const { texts, searchedBytes, cutOff } = findVmcoreinfoTexts(memory);
  const asked = cpus.slice(0, CPUS_LIMIT);
  const kernels = new Map<string, FoundVmcoreinfo>();
  let oldForms = 0;
  for (const text of texts) {
    const isOld = !text.text.includes('\nNUMBER(phys_base)=');
    if (isOld && (oldForms += 1) > OLD_FORMS_LIMIT) continue;
    const found = prove(memory, text, asked);
    if (!found) continue;
    const key = keyOf(found);
    kernels.set(key, joined(kernels.get(key), found));
  }
  const ranked = [...kernels.values()].toSorted(byMerit);
  const [first, second] = ranked;
  const ambiguous = first !== undefined && second !== undefined && standing(first, second) === 0;
  return { kernels: ranked, ambiguous, texts: texts.length, searchedBytes, cutOff };
}

/** How much was searched, in words. */
export function renderSearched({ searchedBytes, cutOff }: VmcoreinfoSearch): string {
  const [unit, bytes] = searchedBytes < 2 ** 20 ? ['KiB', 2 ** 10] : ['MiB', 2 ** 20];
  const size = `${Math.round(searchedBytes / bytes)} ${unit} of memory`;
  return cutOff ? `the first ${size}` : size;
}

function prove(
  memory: PhysicalMemory,
  { text, places }: VmcoreinfoText,
  cpus: readonly CpuRegisters[],
): FoundVmcoreinfo | undefined {
  try {
    const vmcoreinfo = parseVmcoreinfo(Buffer.from(text, 'latin1'));
    const physBase = findPhysBase(memory, vmcoreinfo);
    if (physBase === undefined || !mapsItself(memory, vmcoreinfo, physBase)) return undefined;
    const tables = kernelPageTables(vmcoreinfo, physBase);
    const virtual = new VirtualMemory(memory, tables);
    const release = releaseOf(virtual, vmcoreinfo);
    // Of a kernel that was there before, the page tables can outlast the data.
    if (release !== undefined && release !== vmcoreinfo.release) return undefined;
    const running = cpus.filter((cpu) => runs(memory, tables, cpu)).length;
    return { vmcoreinfo, physBase, places, cpus: running, agrees: release !== undefined };
  } catch (error) {
    // A text may be damaged, or its kernel half gone.
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** `uname -r` in the kernel's own data; undefined if that is not in the dump, empty if it is gone. */
function releaseOf(memory: VirtualMemory, vmcoreinfo: Vmcoreinfo): string | undefined {
  const symbol = vmcoreinfo.symbol('init_uts_ns');
  if (symbol === undefined) return undefined;
  const bytes = seeing(() => Buffer.from(memory.read(symbol, UTS_BYTES))).value;
  if (!bytes) return undefined;
  const name = bytes.subarray(0, UTS_NAME_WITHIN + 6).indexOf('Linux\0');
  if (name === -1) return '';
  const release = bytes.subarray(name + 2 * UTSNAME_BYTES, name + 3 * UTSNAME_BYTES);
  return release.toString('latin1', 0, Math.max(0, release.indexOf(0)));
}

/** Whether a CPU runs the kernel that has these page tables. */
function runs(
  memory: PhysicalMemory,
  tables: PageTables,
  { cr3, registers }: CpuRegisters,
): boolean {
  try {
    if (cr3 !== undefined) {
      const own = topEntry(memory, tables.root);
      // In user mode with page table isolation the kernel's table is the page before.
      return [0xfffn, 0x1fffn].some((low) => {
        const root = BigInt.asUintN(52, cr3 & ~low);
        return topEntry(memory, physAddr(Number(root))) === own;
      });
    }
    const isKernel = BigInt.asIntN(64, registers.ip) < 0n;
    return isKernel && new VirtualMemory(memory, tables).read(registers.ip, 1).length === 1;
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

/** Copies of one kernel's VMCOREINFO differ only in where they are cut off. */
function keyOf({ vmcoreinfo, physBase }: FoundVmcoreinfo): string {
  const { release, buildId } = vmcoreinfo;
  return JSON.stringify([release, buildId, physBase, String(pageTableSymbol(vmcoreinfo))]);
}

function joined(known: FoundVmcoreinfo | undefined, found: FoundVmcoreinfo): FoundVmcoreinfo {
  if (!known) return found;
  const places = [...known.places, ...found.places].toSorted((a, b) => a - b);
  const best = known.vmcoreinfo.fields.size < found.vmcoreinfo.fields.size ? found : known;
  return { ...best, places };
}

/** What tells kernels apart: negative if `a` is the one that runs. */
function standing(a: FoundVmcoreinfo, b: FoundVmcoreinfo): number {
  return b.cpus - a.cpus || Number(b.agrees) - Number(a.agrees);
}

/** The one that runs, else the one of which more is left. */
function byMerit(a: FoundVmcoreinfo, b: FoundVmcoreinfo): number {
  return standing(a, b) || b.places.length - a.places.length;
}
