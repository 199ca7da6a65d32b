// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import type { BiosWords } from '../memory/bios-data-area.ts';
import type { EfiDescriptor } from '../memory/efi-memory-map.ts';
import { LOW_PAGES, type Pfn, pfn } from '../memory/pfn.ts';
import { type PhysRange, findRange } from '../memory/phys-range.ts';
import { printableText } from '../memory/printable-text.ts';
import { linesOf } from '../memory/text-lines.ts';

/** What the personality driver (`guest/personality/`) reported: what was requested, and what came of it. */
export interface PersonalityLog {
  /** The ranges of the layout; a type of null is a hole. */
  readonly asked: readonly { readonly range: PhysRange; readonly type: number | null }[];
  readonly got: readonly PersonalityResult[];
  /** How many single pages above 1 MiB it got, out of how many. */
  readonly islands: readonly { readonly got: number; readonly wanted: number }[];
  /** The EFI memory map below 1 MiB, before and after the layout was applied. */
  readonly before: readonly EfiDescriptor[];
  readonly after: readonly EfiDescriptor[];
  /** The whole EFI memory map at `ExitBootServices`. */
  readonly exit: readonly EfiDescriptor[];
  /** The words of the BIOS data area at `ExitBootServices`; null if it was not reached. */
  readonly biosWords: BiosWords | null;
  /** The CRC-32 of each filled page at `ExitBootServices`. */
  readonly tags: ReadonlyMap<Pfn, number>;
  /** The tables that it installed in boot services data. */
  readonly tables: { readonly esrt: PhysRange | null; readonly bgrt: PhysRange | null };
  /** Whether it made `SetVirtualAddressMap()` fail. */
  readonly setVirtualAddressMapFails: boolean;
  readonly errors: readonly string[];
  /** Whether the report is complete: the kernel called `ExitBootServices`. */
  readonly done: boolean;
}

/**
 * What became of pages: allocated; retaken from the firmware, which could spare them; held by the firmware, which
 * already had them with the right type, so not filled; or denied.
 */
interface PersonalityResult {
  readonly range: PhysRange;
  readonly type: number | null;
  readonly result: 'allocated' | 'retaken' | 'held' | 'denied';
}

const FIRST_LINE = /^sub1m-personality 1$/;
/** `TYPE_HOLE` of `guest/personality/layout.h`. */
const TYPE_HOLE = 0xffff_ffff;
const RESULTS = ['allocated', 'retaken', 'held', 'denied'] as const;

/** More than any report has: 256 tags, a few thousand descriptors. */
const LIMITS = { lines: 20_000, length: 256 };

/**
 * Parses `personality.log`. Whatever follows the last line, `done`, may come from the kernel and is ignored. Throws
 * `FormatError` if the driver wrote nothing, or for a line that is not in its format.
 */
export function parsePersonalityLog(text: string): PersonalityLog {
  const lines = Array.from(linesOf(text, LIMITS), (line) => line.trim());
  if (!FIRST_LINE.test(lines[0] ?? '')) {
    throw new FormatError('Cannot read personality.log: expected "sub1m-personality 1" in line 1');
  }
  const end = lines.indexOf('done');
  const words = lines.slice(1, end === -1 ? undefined : end).map((line) => line.split(' '));
  const wordsOf = (name: string): string[][] =>
    words.filter(([first]) => first === name).map((line) => line.slice(1));
  const table = (name: string): PhysRange | null =>
    wordsOf(name).map(([at]) => range(at))[0] ?? null;
  return {
    asked: wordsOf('ask').map(([at, type]) => ({ range: range(at), type: memoryType(type) })),
    got: wordsOf('got').map(([at, type, result]) => ({
      range: range(at),
      type: memoryType(type),
      result: RESULTS.find((known) => known === result) ?? 'denied',
    })),
    islands: wordsOf('islands').map(([got, wanted]) => ({
      got: number(got),
      wanted: number(wanted),
    })),
    before: wordsOf('before').map(descriptor),
    after: wordsOf('after').map(descriptor),
    exit: wordsOf('exit').map(descriptor),
    biosWords: wordsOf('bda').map(biosWords)[0] ?? null,
    tags: new Map(wordsOf('tag').map(([page, crc]) => [lowPage(page), number(crc)])),
    tables: { esrt: table('esrt'), bgrt: table('bgrt') },
    setVirtualAddressMapFails: table('svam') !== null,
    errors: wordsOf('error').map((line) => line.join(' ')),
    done: end !== -1,
  };
}

function descriptor([at, type, attribute = '']: readonly string[]): EfiDescriptor {
  if (!NUMBER.test(attribute)) throw fault('an attribute', attribute);
  return { range: range(at), type: number(type), attribute: BigInt(attribute) };
}

function biosWords([ebdaSegment, baseMemoryKiB]: readonly string[]): BiosWords {
  return { ebdaSegment: number(ebdaSegment), baseMemoryKiB: number(baseMemoryKiB) };
}

function memoryType(word: string | undefined): number | null {
  const type = number(word);
  return type === TYPE_HOLE ? null : type;
}

function lowPage(word: string | undefined): Pfn {
  const page = number(word);
  if (page >= LOW_PAGES) throw fault('a page below 1 MiB', word);
  return pfn(page);
}

/** A range as the driver prints it: `0x10000-0x13fff`, its last address inclusive. */
function range(word: string | undefined): PhysRange {
  const [, first = '', last = ''] = /^0x([0-9a-f]+)-0x([0-9a-f]+)$/.exec(word ?? '') ?? [];
  const found = findRange(first, last);
  if (!found) throw fault('a range', word);
  return found;
}

/** Up to 64 bits. */
const NUMBER = /^(?:0x[0-9a-f]{1,16}|\d{1,20})$/;

function number(word: string | undefined): number {
  if (!NUMBER.test(word ?? '')) throw fault('a number', word);
  return Number(word);
}

function fault(expected: string, found: string | undefined): FormatError {
  return new FormatError(
    `Cannot read personality.log: expected ${expected}, found ${printableText(JSON.stringify(found ?? ''))}`,
  );
}
