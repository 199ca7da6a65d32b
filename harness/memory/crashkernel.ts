// SPDX-License-Identifier: MIT
import { COMMAND_LINE_SIZE, findSize } from './kernel-cmdline.ts';

/** The `crashkernel=` of cells with one, unless another is given: enough for every kernel here. */
export const DEFAULT_CRASHKERNEL = '256M';

/** What `crashkernel=` asks for. */
export interface CrashkernelRequest {
  /** Bytes of the main area; `,low` and `,cma` come on top and are not included. */
  readonly size: number;
  /** Where it must begin, or null for anywhere. */
  readonly offset: number | null;
}

/** Bytes to which `parse_crashkernel_mem()` rounds memory up before it picks a range. */
const RAM_GRANULE = 128 * 1024 * 1024;

/**
 * Reads `crashkernel=` of a command line: `size[@offset]`, `size,high`, or
 * `from-[to]:size,…[@offset]`, of which the range that contains `systemRam` (bytes) counts. The last
 * one without `,high`, `,low` or `,cma` takes precedence (`parse_crashkernel()`). The kernel looks for these letters
 * wherever they are (`strstr()` in `get_last_crashkernel()`), in other words and behind `--`, too. Undefined if there
 * is no request, or none that the kernel would understand.
 */
export function parseCrashkernel(
  cmdline: string,
  systemRam: number,
): CrashkernelRequest | undefined {
  const given = cmdline.slice(0, COMMAND_LINE_SIZE);
  const values = Array.from(given.matchAll(/crashkernel=([^\s"]+)/g), ([, value = '']) => value);
  const plain = values.findLast((value) => !/,(?:high|low|cma)$/.test(value));
  const high = values.findLast((value) => value.endsWith(',high'))?.replace(/,high$/, '');
  return [plain, high].flatMap((value) => (value && findRequest(value, systemRam)) || []).at(0);
}

function findRequest(value: string, systemRam: number): CrashkernelRequest | undefined {
  const [sizes = '', at] = value.split('@', 2);
  const size = sizes.includes(':') ? sizeForRam(sizes, systemRam) : wholeSize(sizes);
  const offset = at === undefined ? null : wholeSize(at);
  return size && offset !== undefined ? { size, offset } : undefined;
}

function sizeForRam(ranges: string, systemRam: number): number | undefined {
  const ram = Math.ceil(systemRam / RAM_GRANULE) * RAM_GRANULE;
  for (const range of ranges.split(',')) {
    const [, from = '', to = '', size = ''] = /^([^-:]+)-([^:]*):(.+)$/.exec(range) ?? [];
    const start = wholeSize(from);
    const end = to === '' ? Infinity : wholeSize(to);
    if (start === undefined || end === undefined) return undefined;
    if (start <= ram && ram < end) return wholeSize(size);
  }
  return undefined;
}

function wholeSize(text: string): number | undefined {
  const size = findSize(text);
  return size?.rest === '' ? size.bytes : undefined;
}
