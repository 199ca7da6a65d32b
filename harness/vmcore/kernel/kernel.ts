// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { type Seen, seeing, seeingFrom } from '../../seen.ts';
import type { PhysicalMemory } from '../dump/physical-memory.ts';
import type { CpuRegisters } from '../dump/prstatus.ts';
import type { Vmcoreinfo } from '../dump/vmcoreinfo.ts';
import { type Btf, readBtf } from './btf.ts';
import { type Kallsyms, readKallsyms } from './kallsyms.ts';
import { type VmcoreinfoSearch, renderSearched, searchVmcoreinfo } from './find-vmcoreinfo.ts';
import { type PageTables, kernelPageTables } from './page-tables.ts';
import { findPhysBase } from './phys-base.ts';
import { VirtualMemory } from './virtual-memory.ts';

/** A kernel in a dump, as far as it can be read without debug information. */
export interface DumpedKernel {
  readonly memory: VirtualMemory;
  readonly vmcoreinfo: Vmcoreinfo;
  readonly cpus: readonly CpuRegisters[];
  /** How VMCOREINFO was found, if the dump has none of its own. */
  readonly search?: VmcoreinfoSearch;
  /** Read on first use: the log and the low pages do without. */
  readonly kallsyms: Seen<Kallsyms>;
  /** Found through `kallsyms`; also read on first use. */
  readonly btf: Seen<Btf>;
}

/** What a kernel is read from: a dump of any format, or the memory of a guest. */
export interface KernelDump {
  readonly memory: PhysicalMemory;
  readonly vmcoreinfo: Vmcoreinfo | null;
  readonly cpus: readonly CpuRegisters[];
  /** What the headers of the dump say of `phys_base`, for kernels whose VMCOREINFO does not. */
  readonly physBases?: readonly number[];
}

/** How to open a kernel. */
interface OpenOptions {
  /** Whether to search the memory of a dump without VMCOREINFO for it, all of it: so by default. */
  readonly maySearch?: boolean;
}

/** Opens the kernel in a dump. Throws `FormatError` if there is no VMCOREINFO or no page tables. */
export function openKernel(dump: KernelDump, { maySearch = true }: OpenOptions = {}): DumpedKernel {
  const { memory, cpus } = dump;
  if (!dump.vmcoreinfo && !maySearch) {
    throw new FormatError('Cannot read the kernel: expected VMCOREINFO in the dump, found none');
  }
  const { vmcoreinfo, physBase, search } = dump.vmcoreinfo
    ? givenVmcoreinfo(dump, dump.vmcoreinfo)
    : soughtVmcoreinfo(dump);
  const tables = kernelPageTables(vmcoreinfo, physBase);
  return openMappedKernel(memory, { vmcoreinfo, tables, cpus, ...(search ? { search } : {}) });
}

/** What is known of a kernel whose page tables are. */
interface MappedKernel extends Pick<DumpedKernel, 'vmcoreinfo' | 'cpus' | 'search'> {
  readonly tables: PageTables;
}

/** Opens the kernel that page tables map. */
export function openMappedKernel(
  memory: PhysicalMemory,
  { tables, ...known }: MappedKernel,
): DumpedKernel {
  const { vmcoreinfo } = known;
  const virtual = new VirtualMemory(memory, tables);
  const kallsyms = once(() => seeing(() => readKallsyms(virtual, vmcoreinfo)));
  const btf = once(() => seeingFrom(kallsyms(), (symbols) => readBtf(virtual, symbols)));
  return {
    ...known,
    memory: virtual,
    get kallsyms() {
      return kallsyms();
    },
    get btf() {
      return btf();
    },
  };
}

/** The same kernel, but for what is given: its symbols and types are still read on first use. */
export function kernelWith(
  kernel: DumpedKernel,
  changes: Partial<Pick<DumpedKernel, 'memory' | 'vmcoreinfo'>>,
): DumpedKernel {
  const { memory, vmcoreinfo, cpus } = kernel;
  return {
    memory,
    vmcoreinfo,
    cpus,
    ...changes,
    get kallsyms() {
      return kernel.kallsyms;
    },
    get btf() {
      return kernel.btf;
    },
  };
}

interface OpenedVmcoreinfo {
  readonly vmcoreinfo: Vmcoreinfo;
  readonly physBase: number | undefined;
  readonly search?: VmcoreinfoSearch;
}

function givenVmcoreinfo(
  { memory, physBases }: KernelDump,
  vmcoreinfo: Vmcoreinfo,
): OpenedVmcoreinfo {
  return { vmcoreinfo, physBase: findPhysBase(memory, vmcoreinfo, physBases) };
}

function soughtVmcoreinfo({ memory, cpus }: KernelDump): OpenedVmcoreinfo {
  const search = searchVmcoreinfo(memory, cpus);
  const [best] = search.kernels;
  if (best) return { ...best, search };
  const [{ texts }, where] = [search, renderSearched(search)];
  const found = texts === 0 ? `none in ${where}` : `${texts} in ${where}, none of a kernel there`;
  throw new FormatError(
    `Cannot read the kernel: expected VMCOREINFO in the dump or in its memory, found ${found}; ` +
      'dump a machine that has "-device vmcoreinfo"',
  );
}

/** Runs `make` on the first call, and gives its result on every call. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
