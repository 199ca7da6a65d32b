// SPDX-License-Identifier: MIT

/** A word for a POSIX shell. */
export function quoteShell(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
