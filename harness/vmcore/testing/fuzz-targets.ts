// SPDX-License-Identifier: MIT
/** The parsers of `vmcore/` as targets of `fuzz()`. */
import { FormatError, MissingPageError } from '../../errors.ts';
import { hex, physAddr } from '../../memory/pfn.ts';
import { seeing } from '../../seen.ts';
import { renderStruct } from '../kernel/btf-render.ts';
import { readBtf } from '../kernel/btf.ts';
import { bytesSource } from '../dump/byte-source.ts';
import { type Compression, decompress } from '../dump/decompress.ts';
import { elfNotes } from '../dump/elf-notes.ts';
import { readElfCore } from '../dump/elf.ts';
import { checkFlattened } from '../dump/flattened.ts';
import { refuseWithoutMemory } from '../dump/foreign-elf.ts';
import type { BuiltDeadKernel } from './dead-kernel-builder.ts';
import { examineDeadKernel } from '../kernel/dead-kernel.ts';
import type { FuzzTarget, Readable } from './fuzz-engine.ts';
import { searchVmcoreinfo } from '../kernel/find-vmcoreinfo.ts';
import { readKallsyms } from '../kernel/kallsyms.ts';
import { type DumpedKernel, type KernelDump, openKernel } from '../kernel/kernel.ts';
import { readKernelState } from '../kernel/kernel-state.ts';
import { openVmcore } from '../dump/open-vmcore.ts';
import { kernelPageTables } from '../kernel/page-tables.ts';
import { readLowPages } from '../kernel/page-structs.ts';
import type { PhysicalMemory } from '../dump/physical-memory.ts';
import { readPrintk, renderPrintk } from '../kernel/printk.ts';
import { cpuRegisters } from '../dump/prstatus.ts';
import { readResourceTree, renderResources } from '../kernel/resource-tree.ts';
import { readStack } from '../kernel/stacks.ts';
import { VirtualMemory } from '../kernel/virtual-memory.ts';
import { type Vmcoreinfo, parseVmcoreinfo } from '../dump/vmcoreinfo.ts';

/** Parsers of files and of parts of them. */
const FILE_PARSERS = {
  'ELF headers': (file: Readable) => readElfCore(file),
  'sections of an ELF core': (file: Readable) => {
    seeing(() => {
      refuseWithoutMemory(file, { notes: [], loads: [] });
    });
  },
  'notes and registers': (file: Readable) => cpuRegisters([...elfNotes(wholeOf(file))]),
  VMCOREINFO: (file: Readable) => {
    askAll(parseVmcoreinfo(wholeOf(file)));
  },
  'flattened dump': (file: Readable) => checkFlattened(file),
  dump: walkDump,
} as const;

/** A parser of files, and a file for it. */
export function fileTarget(
  parser: keyof typeof FILE_PARSERS,
  bytes: Uint8Array,
  what = '',
): FuzzTarget {
  return { name: `${what}${parser}`, source: bytesSource(bytes), parse: FILE_PARSERS[parser] };
}

/** A decompressor, and a compressed page for it. */
export function decompressTarget(
  compression: Compression,
  bytes: Uint8Array,
  size: number,
): FuzzTarget {
  const parse = (file: Readable): unknown => decompress(compression, wholeOf(file), size);
  return { name: `data of ${compression}`, source: bytesSource(bytes), parse };
}

function wholeOf(file: Readable): Uint8Array {
  return file.read(0, file.size);
}

function askAll(vmcoreinfo: Vmcoreinfo): void {
  for (const key of vmcoreinfo.fields.keys()) {
    const [, kind = '', name = ''] = /^(\w+)\((.*)\)$/.exec(key) ?? [];
    if (kind === 'SYMBOL') vmcoreinfo.symbol(name);
    if (kind === 'OFFSET') vmcoreinfo.offset(name);
    if (kind === 'SIZE') vmcoreinfo.size(name);
    if (kind === 'LENGTH') vmcoreinfo.length(name);
    if (kind === 'NUMBER') vmcoreinfo.number(name);
  }
}

/** Opens a dump, and reads the ends of its ranges and the first pages. */
function walkDump(file: Readable): void {
  const { memory } = openVmcore(file);
  const ends = memory.ranges.slice(0, 8).flatMap(({ start, end }) => [start, end - 1]);
  for (const at of [...ends, 0x1000, 0x2000, 0x3000, 0x4000, 0x5000]) {
    seeing(() => memory.read(physAddr(at), 1));
  }
  seeing(() => memory.read(physAddr(0x1000), 0x5000));
}

/** Parsers of kernel memory. Symbols and types are intact, so that each is tested alone. */
const KERNEL_PARSERS = {
  'page tables': ({ memory, vmcoreinfo }) => {
    for (const key of vmcoreinfo.fields.keys()) {
      const symbol = /^SYMBOL\((.*)\)$/.exec(key)?.[1];
      if (symbol !== undefined) seeing(() => memory.u64(vmcoreinfo.symbol(symbol) ?? 0n));
    }
  },
  kallsyms: ({ memory, vmcoreinfo }) => {
    const kallsyms = readKallsyms(memory, vmcoreinfo);
    kallsyms.search(/crash/);
    kallsyms.render(kallsyms.requireAddress('_stext') + 8n);
  },
  BTF: ({ memory, kallsyms }) => {
    const symbols = kallsyms.value;
    const btf = symbols && readBtf(memory, symbols);
    for (const member of ['task_struct.comm', 'resource.name', 'bit_fields.low'])
      btf?.offset(member);
    btf?.enumerators('pageflags');
    const at = symbols?.requireAddress('iomem_resource') ?? 0n;
    if (btf) renderStruct(btf, memory, { name: 'task_struct', at, depth: 4 });
  },
  log: (kernel) => {
    for (const _ of renderPrintk(readPrintk(kernel)));
  },
  'resource tree': (kernel) => {
    const root = kernel.kallsyms.value?.requireAddress('iomem_resource') ?? 0n;
    renderResources(readResourceTree(kernel, root));
  },
  'low pages': (kernel) => {
    readLowPages(kernel);
  },
  state: (kernel) => {
    readKernelState(kernel, []);
  },
  stacks: ({ memory, kallsyms: { value: kallsyms }, cpus }) => {
    for (const cpu of kallsyms ? cpus : []) if (kallsyms) readStack({ memory, kallsyms }, cpu);
  },
} as const satisfies Record<string, (kernel: DumpedKernel) => void>;

type KernelParser = keyof typeof KERNEL_PARSERS;

export const KERNEL_PARSER_NAMES = Object.keys(KERNEL_PARSERS) as KernelParser[];

/** A parser of kernel memory, and a kernel for it. */
export function kernelTarget(
  parser: KernelParser,
  dump: KernelDump & { readonly memoryBytes?: number },
): FuzzTarget {
  const { memory, memoryBytes: size = Number.MAX_SAFE_INTEGER } = dump;
  const right = openKernel(dump);
  const { vmcoreinfo, cpus, kallsyms, btf } = right;
  const tables = kernelPageTables(vmcoreinfo);
  const parse = (mutant: Readable): void => {
    const virtual = new VirtualMemory(physicalOf(mutant, memory), tables);
    KERNEL_PARSERS[parser]({ memory: virtual, vmcoreinfo, cpus, kallsyms, btf });
  };
  const source = { size, read: (at: number, length: number) => memory.read(physAddr(at), length) };
  return { name: parser, source, parse };
}

/** All parsers of kernel memory in turn, misled by VMCOREINFO. */
export function vmcoreinfoTarget(
  lines: readonly string[],
  dump: Omit<KernelDump, 'vmcoreinfo'>,
): FuzzTarget {
  const parse = (file: Readable): void => {
    const kernel = openKernel({ ...dump, vmcoreinfo: parseVmcoreinfo(wholeOf(file)) });
    for (const read of Object.values(KERNEL_PARSERS)) {
      seeing(() => {
        read(kernel);
      });
    }
  };
  return {
    name: 'a kernel by its VMCOREINFO',
    source: bytesSource(Buffer.from(lines.join('\n'))),
    parse,
  };
}

/** A kernel that died, by its memory alone. */
export function deadKernelTarget({ physical, ram, cpus }: BuiltDeadKernel): FuzzTarget {
  const parse = (mutant: Readable): void => {
    const hint = { crashkernel: [], capture: false };
    const seen = examineDeadKernel(physicalOf(mutant, physical), cpus, hint);
    if ('why' in seen) throw new FormatError(seen.why);
  };
  return { name: 'a kernel that died', source: bytesSource(ram), parse };
}

/** The search for VMCOREINFO in the memory of a kernel. */
export function searchTarget({
  memory,
  cpus,
  memoryBytes: size = Number.MAX_SAFE_INTEGER,
}: Omit<KernelDump, 'vmcoreinfo'> & { readonly memoryBytes?: number }): FuzzTarget {
  const parse = (mutant: Readable): void => {
    searchVmcoreinfo(physicalOf(mutant, memory), cpus);
  };
  const source = { size, read: (at: number, length: number) => memory.read(physAddr(at), length) };
  return { name: 'search for VMCOREINFO', source, parse };
}

/** Memory with the bytes of a mutant, which may be cut off. */
function physicalOf(mutant: Readable, memory: PhysicalMemory): PhysicalMemory {
  return {
    ...memory,
    read: (start, length) => {
      if (start + length <= mutant.size) return mutant.read(start, length);
      throw new MissingPageError(`Cannot read memory at ${hex(start)}: cut off`);
    },
  };
}
