// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { type Btf, readBtf } from './btf.ts';
import { type Kallsyms, readKallsyms } from './kallsyms.ts';
import { kernelPageTables } from './page-tables.ts';
import type { PhysicalMemory } from '../dump/physical-memory.ts';
import type { CpuRegisters } from '../dump/prstatus.ts';
import { VirtualMemory } from './virtual-memory.ts';
import type { Vmcoreinfo } from '../dump/vmcoreinfo.ts';

/** A kernel in a dump, as far as it can be read without debug information. */
export interface Kernel {
  readonly memory: VirtualMemory;
  readonly vmcoreinfo: Vmcoreinfo;
  readonly cpus: readonly CpuRegisters[];
  /** null if it cannot be read: `missing` says why. Read when it is asked for: the log and the low pages do without. */
  readonly kallsyms: Kallsyms | null;
  /** As `kallsyms`, which it is found by. */
  readonly btf: Btf | null;
  /** What was asked for and could not be read, in the words of each `FormatError`. */
  readonly missing: readonly string[];
}

/** What of a dump a kernel is read from. */
export interface KernelDump {
  readonly memory: PhysicalMemory;
  readonly vmcoreinfo: Vmcoreinfo | null;
  readonly cpus: readonly CpuRegisters[];
}

/** Opens the kernel in a dump. Throws `FormatError` if the dump has no VMCOREINFO or no page tables. */
export function openKernel({ memory, vmcoreinfo, cpus }: KernelDump): Kernel {
  if (!vmcoreinfo) {
    throw new FormatError('Cannot read the kernel: VMCOREINFO wanted in the dump, none found');
  }
  const missing: string[] = [];
  const virtual = new VirtualMemory(memory, kernelPageTables(vmcoreinfo));
  const kallsyms = once(() => attempt(missing, () => readKallsyms(virtual, vmcoreinfo)));
  const btf = once(() => {
    const symbols = kallsyms();
    return symbols && attempt(missing, () => readBtf(virtual, symbols));
  });
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
    missing,
  };
}

/** The same, done when it is first asked for. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** What is read, or null if the dump has it not; then why is added to `missing`. */
export function attempt<T>(missing: string[], read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    missing.push(error.message);
    return null;
  }
}
