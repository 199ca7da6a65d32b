// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { type Seen, seeing, seeingFrom } from '../../seen.ts';
import type { PhysicalMemory } from '../dump/physical-memory.ts';
import type { CpuRegisters } from '../dump/prstatus.ts';
import type { Vmcoreinfo } from '../dump/vmcoreinfo.ts';
import { type Btf, readBtf } from './btf.ts';
import { type Kallsyms, readKallsyms } from './kallsyms.ts';
import { type PageTables, kernelPageTables } from './page-tables.ts';
import { VirtualMemory } from './virtual-memory.ts';

/** A kernel in a dump, as far as it can be read without debug information. */
export interface DumpedKernel {
  readonly memory: VirtualMemory;
  readonly vmcoreinfo: Vmcoreinfo;
  readonly cpus: readonly CpuRegisters[];
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
  /** Its page tables, where VMCOREINFO does not lead to them. */
  readonly tables?: PageTables;
}

/** Opens the kernel in a dump. Throws `FormatError` if there is no VMCOREINFO or no page tables. */
export function openKernel({ memory, vmcoreinfo, cpus, tables }: KernelDump): DumpedKernel {
  if (!vmcoreinfo) {
    throw new FormatError('Cannot read the kernel: expected VMCOREINFO in the dump, found none');
  }
  const virtual = new VirtualMemory(memory, tables ?? kernelPageTables(vmcoreinfo));
  const kallsyms = once(() => seeing(() => readKallsyms(virtual, vmcoreinfo)));
  const btf = once(() => seeingFrom(kallsyms(), (symbols) => readBtf(virtual, symbols)));
  return {
    memory: virtual,
    vmcoreinfo,
    cpus,
    get kallsyms() {
      return kallsyms();
    },
    get btf() {
      return btf();
    },
  };
}

/** Runs `make` on the first call, and gives its result on every call. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
