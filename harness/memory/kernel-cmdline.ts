// SPDX-License-Identifier: MIT

/** One parameter of a kernel command line. */
export interface KernelParameter {
  /** With `_` for every `-`: to the kernel they are the same. */
  readonly name: string;
  /** Null without an `=`. */
  readonly value: string | null;
}

/** No x86 kernel reads more than this, in bytes. */
export const COMMAND_LINE_SIZE = 2048;

/** The parameters in order, split like `next_arg()`; what follows `--` is for init. */
export function parseCmdline(text: string): KernelParameter[] {
  const given = text.slice(0, COMMAND_LINE_SIZE);
  const words: readonly string[] = given.match(/(?:[^\s"]|"[^"]*(?:"|$))+/g) ?? [];
  const end = words.indexOf('--');
  return words.slice(0, end === -1 ? undefined : end).map(parameter);
}

function parameter(word: string): KernelParameter {
  const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(word.replaceAll('"', '')) ?? [];
  return { name: name.replaceAll('-', '_'), value: value ?? null };
}

/** The last parameter of that name, which for most parameters is the one that counts. */
export function findParameter(cmdline: string, name: string): KernelParameter | undefined {
  return parseCmdline(cmdline).findLast((found) => found.name === name);
}

const SUFFIXES = 'kmgtpe';

/**
 * Parses a size at the start of text like `memparse()`: 64K, 0x10000, 1G. Returns bytes and the rest of
 * the text, undefined if there is no number or one too large for a `number` to be exact.
 */
export function findSize(
  text: string,
): { readonly bytes: number; readonly rest: string } | undefined {
  const [all = '', digits = '', suffix = ''] = /^(0x[0-9a-f]+|\d+)([kmgtpe]?)/i.exec(text) ?? [];
  const octal = /^0[0-7]+$/.test(digits);
  const number = octal ? Number.parseInt(digits, 8) : Number(digits);
  const bytes = number * 1024 ** (SUFFIXES.indexOf(suffix.toLowerCase() || ' ') + 1);
  if (digits === '' || !Number.isSafeInteger(bytes)) return undefined;
  return { bytes, rest: text.slice(all.length) };
}
