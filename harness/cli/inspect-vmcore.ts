// SPDX-License-Identifier: MIT
import { FormatError, UsageError } from '../errors.ts';
import { hex, virtAddr } from '../memory/pfn.ts';
import { rangeSize, renderRange } from '../memory/phys-range.ts';
import { printableText } from '../memory/printable-text.ts';
import { renderHexdump } from '../report/text/hexdump.ts';
import { renderLowPages } from '../report/text/low-page-map.ts';
import type { Style } from '../report/text/style.ts';
import { renderStruct } from '../vmcore/kernel/btf-render.ts';
import type { ByteSource } from '../vmcore/dump/byte-source.ts';
import type { Kallsyms } from '../vmcore/kernel/kallsyms.ts';
import type { KernelPanic } from '../vmcore/kernel/kernel-panic.ts';
import { readKernelState } from '../vmcore/kernel/kernel-state.ts';
import { type Kernel, openKernel } from '../vmcore/kernel/kernel.ts';
import { type Vmcore, openVmcore } from '../vmcore/dump/open-vmcore.ts';
import { readLowPages } from '../vmcore/kernel/page-structs.ts';
import type { PrintkRecord } from '../vmcore/kernel/printk-record.ts';
import { readPrintk, renderPrintk } from '../vmcore/kernel/printk.ts';
import { readResourceTree, renderResources } from '../vmcore/kernel/resource-tree.ts';
import { readStack } from '../vmcore/kernel/stacks.ts';

/** What is asked of a dump; nothing is its summary. */
export interface InspectQuestions {
  readonly dmesg?: true;
  readonly lowmem?: true;
  readonly iomem?: true;
  readonly stacks?: true;
  readonly symbols?: string;
  readonly read?: readonly string[];
  readonly struct?: readonly string[];
}

/** A part of the answer: what it is called in JSON, its lines for people, and the same for programs. */
interface Part {
  readonly name: string;
  readonly lines: readonly string[];
  readonly value: unknown;
}

/** A dump and the kernel in it. */
interface Opened {
  readonly vmcore: Vmcore;
  readonly kernel: Kernel;
  readonly style: Style;
}

/** Answers questions on a dump. Throws `FormatError` for what cannot be read, `UsageError` for a wrong question. */
export function inspectVmcore(
  source: ByteSource,
  questions: InspectQuestions,
  style: Style,
): Part[] {
  const vmcore = openVmcore(source);
  if (vmcore.lacks > 0) {
    throw new FormatError(
      `Cannot read this dump: it is cut off after ${vmcore.size} bytes, and ${vmcore.lacks} more wanted`,
    );
  }
  const opened: Opened = { vmcore, kernel: openKernel(vmcore), style };
  const parts = [
    ...(questions.dmesg ? [dmesg(opened)] : []),
    ...(questions.lowmem ? [lowmem(opened)] : []),
    ...(questions.iomem ? [iomem(opened)] : []),
    ...(questions.stacks ? [stacks(opened)] : []),
    ...(questions.symbols === undefined ? [] : [symbols(opened, questions.symbols)]),
    ...(questions.read ? [read(opened, questions.read)] : []),
    ...(questions.struct ? [struct(opened, questions.struct)] : []),
  ];
  return parts.length > 0 ? parts : [summary(opened)];
}

function summary({ vmcore, kernel }: Opened): Part {
  const state = readKernelState(kernel, tryLog(kernel));
  const { format, flattened, size, memory } = vmcore;
  const value = {
    release: state.release,
    buildId: kernel.vmcoreinfo.buildId ?? null,
    format,
    flattened,
    bytes: size,
    memory: memory.ranges.map(renderRange),
    memoryBytes: memory.ranges.reduce((sum, range) => sum + rangeSize(range), 0),
    cpus: kernel.cpus.length,
    symbols: kernel.kallsyms?.size ?? null,
    btf: kernel.btf !== null,
    panic: state.panic,
    trampoline: state.trampoline === null ? null : hex(state.trampoline),
    crashkernel: state.crashkernel?.map(renderRange) ?? null,
    missing: [...new Set([...kernel.missing, ...state.missing])],
  };
  return { name: 'summary', lines: summaryLines(value), value };
}

interface Summary {
  readonly release: string | null;
  readonly buildId: string | null;
  readonly format: string;
  readonly flattened: boolean;
  readonly bytes: number;
  readonly memory: readonly string[];
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly symbols: number | null;
  readonly btf: boolean;
  readonly panic: KernelPanic | null;
  readonly trampoline: string | null;
  readonly crashkernel: readonly string[] | null;
  readonly missing: readonly string[];
}

function summaryLines(found: Summary): string[] {
  const form = `${found.format}${found.flattened ? ', flattened' : ''}`;
  const rows: (readonly [string, string])[] = [
    ['release', found.release ?? 'unknown'],
    ['build id', found.buildId ?? 'none'],
    ['dump', `${form}, ${(found.bytes / 1e6).toFixed(1)} MB`],
    ['memory', `${(found.memoryBytes / 2 ** 20).toFixed(0)} MiB in ${found.memory.length} ranges`],
    ['cpus', String(found.cpus)],
    ['panic', found.panic === null ? 'none' : renderPanic(found.panic)],
    ['trampoline', found.trampoline ?? 'unknown'],
    ['crashkernel', found.crashkernel?.join(', ') ?? 'unknown'],
    ['symbols', `${found.symbols ?? 'none'}${found.btf ? ', BTF' : ', no BTF'}`],
    ...found.missing.map((why) => ['missing', why] as const),
  ];
  return rows.map(([name, text]) => `${name.padEnd(12)} ${printableText(text)}`);
}

function renderPanic({ message, cpu, task }: KernelPanic): string {
  const who = task ? `, PID ${task.pid} (${task.comm})` : '';
  return `${message ?? 'no message'} on CPU ${cpu ?? 'unknown'}${who}`;
}

function tryLog(kernel: Kernel): PrintkRecord[] {
  try {
    return readPrintk(kernel);
  } catch (error) {
    if (error instanceof FormatError) return [];
    throw error;
  }
}

function dmesg({ kernel }: Opened): Part {
  const lines = [...renderPrintk(readPrintk(kernel))];
  return { name: 'dmesg', lines, value: lines };
}

function lowmem({ kernel, style }: Opened): Part {
  const pages = readLowPages(kernel);
  const value = pages.map(({ flags, ...page }) => ({ ...page, flags: hex(flags) }));
  return { name: 'lowmem', lines: renderLowPages(pages, style), value };
}

function iomem({ kernel }: Opened): Part {
  const root = requireKallsyms(kernel).requireAddress('iomem_resource');
  const lines = renderResources(readResourceTree(kernel, root)).map(printableText);
  return { name: 'iomem', lines, value: lines };
}

function stacks({ kernel }: Opened): Part {
  const kallsyms = requireKallsyms(kernel);
  const traces = kernel.cpus.map((cpu) => readStack({ memory: kernel.memory, kallsyms }, cpu));
  const lines = traces.flatMap(({ by, frames, end }, cpu) => [
    `CPU ${cpu}, by ${by}:`,
    ...frames.map(({ ip, symbol }) => `  ${hex(ip)}  ${printableText(symbol)}`),
    `  (${printableText(end)})`,
  ]);
  const value = traces.map(({ by, frames, end }) => ({
    by,
    frames: frames.map(({ ip, sp, symbol }) => ({ ip: hex(ip), sp: hex(sp), symbol })),
    end,
  }));
  return { name: 'stacks', lines, value };
}

/** Symbols that are shown of those that match. */
const SYMBOL_LIMIT = 10_000;

function symbols({ kernel }: Opened, pattern: string): Part {
  const found = requireKallsyms(kernel).search(parsePattern(pattern), SYMBOL_LIMIT);
  const value = found.map(({ name, type, address }) => ({ name, type, address: hex(address) }));
  const lines = value.map(({ name, type, address }) =>
    printableText(`${address.slice(2).padStart(16, '0')} ${type} ${name}`),
  );
  return { name: 'symbols', lines, value };
}

function parsePattern(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (error) {
    throw new UsageError(
      `Cannot search for symbols: a regular expression wanted, "${pattern}" found`,
      { cause: error },
    );
  }
}

/** The most that `--read` shows, in bytes. */
const READ_LIMIT = 1024 * 1024;

function read({ kernel }: Opened, [where = '', length = '64', ...rest]: readonly string[]): Part {
  const bytes = Number(length);
  if (rest.length > 0 || !Number.isInteger(bytes) || bytes < 1 || bytes > READ_LIMIT) {
    throw new UsageError(
      `Cannot read ${where}: an address or symbol and 1 to ${READ_LIMIT} bytes wanted, ` +
        `"${[length, ...rest].join(' ')}" found`,
    );
  }
  const address = resolveAddress(kernel, where);
  const found = kernel.memory.read(virtAddr(address), bytes);
  const value = { address: hex(address), bytes: Buffer.from(found).toString('hex') };
  return { name: 'read', lines: renderHexdump(found, address), value };
}

function struct({ kernel }: Opened, [name = '', where, ...rest]: readonly string[]): Part {
  if (where === undefined || rest.length > 0) {
    throw new UsageError('Cannot show a structure: --struct <type> <address or symbol> wanted');
  }
  if (kernel.btf === null) {
    throw new FormatError('Cannot show a structure: BTF wanted in the dump, none found');
  }
  const at = resolveAddress(kernel, where);
  const lines = renderStruct(kernel.btf, kernel.memory, { name, at }).map(printableText);
  return { name: 'struct', lines, value: lines };
}

/** The address that is named: in hexadecimal, or by a symbol. */
function resolveAddress(kernel: Kernel, where: string): bigint {
  if (/^0x[0-9a-f]{1,16}$/i.test(where)) return BigInt(where);
  const address = requireKallsyms(kernel).address(where);
  if (address !== undefined) return address;
  throw new UsageError(
    `Cannot find "${where}": an address as 0xffffffff81000000 or a symbol wanted; ` +
      '--symbols <regular expression> lists them',
  );
}

function requireKallsyms({ kallsyms, missing }: Kernel): Kallsyms {
  if (kallsyms) return kallsyms;
  throw new FormatError(missing[0] ?? 'Cannot read kallsyms: none found in the dump');
}
