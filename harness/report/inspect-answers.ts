// SPDX-License-Identifier: MIT
import { FormatError, UsageError } from '../errors.ts';
import { hex, virtAddr } from '../memory/pfn.ts';
import { printableText } from '../memory/printable-text.ts';
import type { Seen } from '../seen.ts';
import { renderStruct } from '../vmcore/kernel/btf-render.ts';
import type { DumpedKernel } from '../vmcore/kernel/kernel.ts';
import { readLowPages } from '../vmcore/kernel/page-structs.ts';
import { readPrintk, renderPrintk } from '../vmcore/kernel/printk.ts';
import { readResourceTree, renderResources } from '../vmcore/kernel/resource-tree.ts';
import { readStack } from '../vmcore/kernel/stacks.ts';
import { renderHexdump } from './text/hexdump.ts';
import { renderLowPages } from './text/low-page-map.ts';
import type { Style } from './text/style.ts';

/** An answer of `inspect`: lines for people, and the same as a value for JSON. */
export interface InspectAnswer {
  readonly lines: readonly string[];
  readonly value: unknown;
}

/** Answers a question; `words` are what follows it on the command line. */
type Answer = (kernel: DumpedKernel, words: readonly string[], style: Style) => InspectAnswer;

/**
 * How each question is answered, in the order of the answers. They throw `FormatError` for what
 * cannot be read, `UsageError` for a wrong question.
 */
export const INSPECT_ANSWERS = {
  dmesg,
  lowmem,
  iomem,
  stacks,
  symbols,
  read,
  struct,
} as const satisfies Record<string, Answer>;

function dmesg(kernel: DumpedKernel): InspectAnswer {
  const lines = [...renderPrintk(readPrintk(kernel))];
  return { lines, value: lines };
}

function lowmem(kernel: DumpedKernel, _: readonly string[], style: Style): InspectAnswer {
  const pages = readLowPages(kernel);
  const value = pages.map(({ flags, ...page }) => ({ ...page, flags: hex(flags) }));
  return { lines: renderLowPages(pages, style), value };
}

function iomem(kernel: DumpedKernel): InspectAnswer {
  const root = required(kernel.kallsyms).requireAddress('iomem_resource');
  const lines = renderResources(readResourceTree(kernel, root)).map(printableText);
  return { lines, value: lines };
}

function stacks({ kallsyms, memory, cpus }: DumpedKernel): InspectAnswer {
  const sources = { memory, kallsyms: required(kallsyms) };
  const traces = cpus.map((cpu) => readStack(sources, cpu));
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
  return { lines, value };
}

/** Matching symbols that are shown, at most. */
const SYMBOL_LIMIT = 10_000;

function symbols({ kallsyms }: DumpedKernel, [pattern = '']: readonly string[]): InspectAnswer {
  const found = required(kallsyms).search(parsePattern(pattern), SYMBOL_LIMIT);
  const value = found.map(({ name, type, address }) => ({ name, type, address: hex(address) }));
  const lines = value.map(({ name, type, address }) =>
    printableText(`${address.slice(2).padStart(16, '0')} ${type} ${name}`),
  );
  return { lines, value };
}

function parsePattern(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (error) {
    throw new UsageError(
      `Cannot search for symbols: expected a regular expression, found "${pattern}"`,
      { cause: error },
    );
  }
}

/** Bytes that `--read` shows, at most. */
const READ_LIMIT = 1024 * 1024;

function read(
  kernel: DumpedKernel,
  [where = '', length = '64', ...rest]: readonly string[],
): InspectAnswer {
  const bytes = Number(length);
  if (rest.length > 0 || !Number.isInteger(bytes) || bytes < 1 || bytes > READ_LIMIT) {
    throw new UsageError(
      `Cannot read ${where}: expected an address or symbol and 1 to ${READ_LIMIT} bytes, ` +
        `found "${[length, ...rest].join(' ')}"`,
    );
  }
  const address = resolveAddress(kernel, where);
  const found = kernel.memory.read(virtAddr(address), bytes);
  const value = { address: hex(address), bytes: Buffer.from(found).toString('hex') };
  return { lines: renderHexdump(found, address), value };
}

function struct(
  kernel: DumpedKernel,
  [name = '', where, ...rest]: readonly string[],
): InspectAnswer {
  if (where === undefined || rest.length > 0) {
    throw new UsageError('Cannot show a structure: expected --struct <type> <address or symbol>');
  }
  const btf = kernel.btf.value;
  if (!btf) {
    throw new FormatError('Cannot show a structure: expected BTF in the dump, found none');
  }
  const at = resolveAddress(kernel, where);
  const lines = renderStruct(btf, kernel.memory, { name, at }).map(printableText);
  return { lines, value: lines };
}

/** Takes an address in hexadecimal, or a symbol. */
function resolveAddress({ kallsyms }: DumpedKernel, where: string): bigint {
  if (/^0x[0-9a-f]{1,16}$/i.test(where)) return BigInt(where);
  const address = required(kallsyms).address(where);
  if (address !== undefined) return address;
  throw new UsageError(
    `Cannot find "${where}": expected an address such as 0xffffffff81000000, or a symbol; ` +
      'list these with --symbols <regular expression>',
  );
}

function required<T>(seen: Seen<T>): T {
  if ('why' in seen) throw new FormatError(seen.why);
  return seen.value;
}
