// SPDX-License-Identifier: MIT
/** Text that a guest could have written: real text, changed where parsers get text wrong. */
import type { Random } from '../vmcore/testing/fuzz-engine.ts';

/** Numbers that parsers often get wrong, without `0x`. */
const NUMBERS = [
  '0',
  '1',
  'fff',
  '9ffff',
  'fffff',
  '100000',
  'ffffffff',
  'fffffffffff',
  'ffffffffffff8',
  'fffffffffffff',
  '10000000000000',
  '1fffffffffffff',
  '20000000000001',
  'ffffffff81000000',
  'ffffffffffffffff',
  '10000000000000000',
  '9007199254740993',
  '99999',
  '-1',
  '1e400',
  '0.5',
  '4294967296',
  '1099511627776',
  '9'.repeat(400),
  '',
];

/** Characters that end lines for some, stand for nothing, or steer a terminal or a parser. */
const CHARACTERS = [
  '\n',
  ' ',
  '\t',
  '\r',
  '\u2028',
  '\u2029',
  '\v',
  '\0',
  '\u001b[',
  '\u001b]',
  '\u0007',
  '\u009b',
  '\ufffd',
  '\u202e',
  'ü',
  '\u{1f4a5}',
  '"',
  '\\',
  '[',
  '{',
  '<',
  ']]>',
  ',',
  ':',
  '-',
  '.',
  '0',
  'f',
  '#',
];

/** How often a piece is repeated, at most: a thousand times, mostly far less. */
const REPEATS = [1, 1, 1, 2, 3, 16, 128, 1024];

/** Looked for only where one begins: a long run of letters would take the square of its length. */
const NUMBER = /(?<![0-9a-f])(?:0x)?[0-9a-f]*\d[0-9a-f]*/gi;

/** A mutant of `text`, of at most `limit` characters; `other` is text that a piece of may get into it. */
export function textMutant(
  { text, other, limit }: More & { readonly text: string },
  random: Random,
): string {
  let mutant = text;
  for (let left = 1 + random(4); left > 0; left -= 1) {
    const change = CHANGES[random(CHANGES.length)] ?? cut;
    mutant = change(mutant, random, { other, limit }).slice(0, limit);
  }
  return mutant;
}

/** The limit spares making what would be cut off. */
interface More {
  readonly other: string;
  readonly limit: number;
}

type Change = (text: string, random: Random, more: More) => string;

const CHANGES: readonly Change[] = [
  changeNumber,
  changeNumber,
  changeNumber,
  insertCharacters,
  insertCharacters,
  (text, random, { limit }) => insert(text, repeated(piece(text, random), random, limit), random),
  (text, random, { limit }) => insert(text, repeated(line(text, random), random, limit), random),
  (text, random, { other }) => insert(text, piece(other, random), random),
  (text, random, { other }) => `${line(other, random)}${text}`,
  cut,
  removePiece,
];

/** Changes the first number from some place on. */
function changeNumber(text: string, random: Random): string {
  NUMBER.lastIndex = random(text.length + 1);
  const found = NUMBER.exec(text);
  if (!found) return text;
  const prefix = found[0].startsWith('0x') ? '0x' : '';
  const number = `${prefix}${NUMBERS[random(NUMBERS.length)] ?? ''}`;
  return `${text.slice(0, found.index)}${number}${text.slice(found.index + found[0].length)}`;
}

function insertCharacters(text: string, random: Random, { limit }: More): string {
  const characters = CHARACTERS[random(CHARACTERS.length)] ?? '';
  return insert(text, repeated(characters, random, limit), random);
}

function insert(text: string, what: string, random: Random): string {
  const at = random(text.length + 1);
  return `${text.slice(0, at)}${what}${text.slice(at)}`;
}

function repeated(what: string, random: Random, limit: number): string {
  const times = REPEATS[random(REPEATS.length)] ?? 1;
  return what.repeat(Math.min(times, Math.ceil(limit / (what.length || 1))));
}

function piece(text: string, random: Random): string {
  const start = random(text.length + 1);
  return text.slice(start, start + random(64));
}

function line(text: string, random: Random): string {
  const start = text.lastIndexOf('\n', random(text.length + 1)) + 1;
  const end = text.indexOf('\n', start);
  return text.slice(start, end === -1 ? undefined : end + 1);
}

function cut(text: string, random: Random): string {
  return text.slice(0, random(text.length + 1));
}

function removePiece(text: string, random: Random): string {
  const start = random(text.length + 1);
  return `${text.slice(0, start)}${text.slice(start + random(256))}`;
}
