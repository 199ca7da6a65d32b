// SPDX-License-Identifier: MIT
import { type Bundle, bundleText } from '../bundle/bundle.ts';
import { FormatError } from '../errors.ts';

/** Something that a cell shows, or why it does not. */
export type Seen<T> = { readonly value: T } | { readonly value: null; readonly why: string };

/** Takes an evidence file as text and parses it; a `FormatError` is a reason, not an end. */
export function seenText<T>(bundle: Bundle, path: string, parse: (text: string) => T): Seen<T> {
  const text = bundleText(bundle, path);
  return text === undefined ? missing(path) : parsed(path, () => parse(text));
}

/** Takes an evidence file as bytes, likewise. */
export function seenBytes<T>(
  bundle: Bundle,
  path: string,
  read: (bytes: Uint8Array) => T,
): Seen<T> {
  const bytes = bundle.files.get(path);
  return bytes === undefined ? missing(path) : parsed(path, () => read(bytes));
}

/** What follows from something seen; if that was not seen, neither is this. */
export function seenFrom<T, U>(seen: Seen<T>, derive: (value: T) => Seen<U>): Seen<U> {
  return 'why' in seen ? seen : derive(seen.value);
}

function missing(path: string): { value: null; why: string } {
  return { value: null, why: `The cell left no ${path}` };
}

function parsed<T>(path: string, parse: () => T): Seen<T> {
  try {
    return { value: parse() };
  } catch (error) {
    if (error instanceof FormatError) return { value: null, why: `${path}: ${error.message}` };
    throw error;
  }
}

/** The system kernel's command line: as it saw it, else as it was given. */
export function commandLine(bundle: Bundle): string {
  return bundleText(bundle, 'system/cmdline') ?? bundle.cell.cmdline.system;
}
