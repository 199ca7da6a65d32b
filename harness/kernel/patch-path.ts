// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { printableText } from '../memory/printable-text.ts';

/** What the name of a file that is being written ends in, until the file is whole. */
export const UNFINISHED = '.sub1m-unfinished';

/** Bytes of one part of a path: the 255 of Linux, and room for `UNFINISHED`. */
const PART_BYTES = 255 - UNFINISHED.length;

/** Bytes of a whole path: well below PATH_MAX, since it is joined to a folder of ours. */
const PATH_BYTES = 2048;

/** What a path out of a patch must not be: joined to a folder it would lead elsewhere, or into what is not source. */
const REFUSED: readonly (readonly [wrong: string, test: (part: string) => boolean])[] = [
  ['an empty part', (part) => part === ''],
  ['a part ".."', (part) => part === '..'],
  ['a part "."', (part) => part === '.'],
  ['a part ".git"', (part) => /^(?:\.git|git~\d)[ .]*$/i.test(part)],
  ['a control character', (part) => /\p{Cc}/u.test(part)],
  ['a backslash or a quote', (part) => /[\\"]/.test(part)],
  ['a byte that is no UTF-8', (part) => part.includes('\ufffd')],
  [`a part that ends in ${UNFINISHED}`, (part) => part.endsWith(UNFINISHED)],
  [`a part of more than ${PART_BYTES} bytes`, (part) => Buffer.byteLength(part) > PART_BYTES],
];

/**
 * Gives a path out of a stranger's patch back, if it names a file below the top of a tree, in one way. Throws
 * `FormatError` naming patch and path.
 */
export function requirePathInTree(path: string, patch: string): string {
  const parts = path.split('/');
  const found = path.startsWith('/')
    ? 'an absolute path'
    : Buffer.byteLength(path) > PATH_BYTES
      ? `a path of more than ${PATH_BYTES} bytes`
      : REFUSED.find(([, test]) => parts.some(test))?.[0];
  if (found === undefined) return path;
  throw new FormatError(
    `Cannot use ${patch}: expected the paths of files in the tree, found ${found}: ${shownPath(path)}`,
  );
}

/** A stranger's path, for a message. */
export function shownPath(path: string): string {
  const SHOWN_CHARACTERS = 200;
  return `"${printableText(path.slice(0, SHOWN_CHARACTERS))}"`;
}

const ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  '"': 34,
  '\\': 92,
};

const QUOTED = /^"((?:[^"\\]|\\(?:[0-3][0-7]{2}|[abtnvfr"\\]))*)"/;

/**
 * The name at the beginning of a text, where git quotes it as C does (`core.quotePath`), and how long it is there;
 * undefined if it is not quoted as git does.
 */
export function readQuotedName(
  text: string,
): { readonly name: string; readonly length: number } | undefined {
  const [whole = '', inside] = QUOTED.exec(text) ?? [];
  if (inside === undefined) return undefined;
  const bytes: number[] = [];
  for (const [, octal, letter, plain] of inside.matchAll(/\\(\d{3})|\\(.)|([^\\]+)/gsu)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else if (letter !== undefined) bytes.push(ESCAPES[letter] ?? 0);
    else for (const byte of Buffer.from(plain ?? '')) bytes.push(byte);
  }
  return { name: Buffer.from(bytes).toString('utf8'), length: whole.length };
}

/** A name as patch(1) reads it back, whatever is in it. */
export function quoteName(name: string): string {
  if (/^[\w./+,@:=~#%^&()[\]{}-]+$/.test(name)) return name;
  const bytes = [...Buffer.from(name)].map((byte) =>
    byte > 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\${byte.toString(8).padStart(3, '0')}`,
  );
  return `"${bytes.join('')}"`;
}
