// SPDX-License-Identifier: MIT
/** The lines of a log that are of a memory map, whole again where they were wrapped. */
import { FormatError } from '../../errors.ts';
import { type E820Entry, E820_MARK, damagedE820, readE820Line } from '../../memory/e820.ts';
import { printableText } from '../../memory/printable-text.ts';
import { EFI_MARK, type EfiLine, XEN_EFI_MARK, readEfiLine } from './efi-lines.ts';

/** A line of a memory map. */
export type MapLine =
  | { readonly kind: 'e820'; readonly text: string; readonly entry: E820Entry }
  | { readonly kind: 'efi' | 'xen'; readonly text: string; readonly line: EfiLine };

/** What a form makes of the text from its mark on: undefined if it is cut there. */
type Reading = MapLine | 'nothing' | { readonly error: FormatError } | undefined;

/** Each map's mark, and how the text from it on is read. */
const FORMS: readonly {
  readonly mark: RegExp;
  readonly read: (text: string, mark: RegExpExecArray) => Reading;
}[] = [
  {
    mark: E820_MARK,
    read: (text, mark) => {
      const found = readE820Line(text.slice(mark[0].length));
      if (found.kind === 'entry') return { kind: 'e820', text, entry: found.entry };
      return found.kind === 'gap' ? 'nothing' : { error: damagedE820(text, found.why) };
    },
  },
  { mark: EFI_MARK, read: (text, mark) => efiReading('efi', text, mark) },
  { mark: XEN_EFI_MARK, read: (text, mark) => efiReading('xen', text, mark) },
];

function efiReading(kind: 'efi' | 'xen', text: string, mark: RegExpExecArray): Reading {
  const number = mark[1] === undefined ? null : Number(mark[1]);
  const line = readEfiLine(text.slice(mark[0].length), number);
  if (line === undefined) return undefined;
  return typeof line === 'string' ? { error: damagedEfi(text, `${line}:`) } : { kind, text, line };
}

function damagedEfi(text: string, but: string): FormatError {
  const shown = printableText(text).slice(0, 200);
  return new FormatError(
    `Cannot read a line of the log: expected a descriptor of the EFI memory map, but ${but} ${shown}`,
  );
}

/** No line of a map is longer, whatever stands before it; and no line is wrapped into more pieces. */
const LINE_LIMIT = 1024;
const PIECES_LIMIT = 8;

/** What mailers put before each line that they quote. */
const QUOTE = /^[> ]*>/;

/** A line that the kernel or a logger began: it continues no other. */
const STAMPED = /^[^[]{0,80}\[ {0,11}\d{1,6}\.\d{1,6}\]|\bkernel: |^\w{3} [ \d]\d \d\d:\d\d:\d\d /;

/** Whether a line has the mark of a memory map. */
export function isMapLine(line: string): boolean {
  return FORMS.some(({ mark }) => mark.test(line.slice(0, LINE_LIMIT)));
}

/**
 * The lines of memory maps, in order. Throws `FormatError` for one that is cut, or that is what no kernel prints: a
 * map with a hole in it says nothing of who has the memory there.
 */
export function* mapLines(lines: readonly string[]): Generator<MapLine> {
  for (let at = 0; at < lines.length; at += 1) {
    const found = findForm(lines[at] ?? '');
    if (!found) continue;
    const { line, pieces } = wholeLine(found, lines.slice(at + 1, at + 1 + PIECES_LIMIT));
    at += pieces;
    if (line !== 'nothing') yield line;
  }
}

interface FoundForm {
  readonly form: (typeof FORMS)[number];
  /** From the mark on. */
  readonly text: string;
}

function findForm(line: string): FoundForm | undefined {
  const looked = line.slice(0, LINE_LIMIT);
  for (const form of FORMS) {
    const mark = form.mark.exec(looked);
    if (mark) return { form, text: looked.slice(mark.index) };
  }
  return undefined;
}

/** The line, joined with those after it until it can be read; how many those are. */
function wholeLine(
  { form, text }: FoundForm,
  after: readonly string[],
): { readonly line: MapLine | 'nothing'; readonly pieces: number } {
  let joined: readonly string[] = [text];
  let first: Reading;
  for (let pieces = 0; ; pieces += 1) {
    for (const candidate of joined) {
      const mark = form.mark.exec(candidate);
      const reading = mark ? form.read(candidate, mark) : undefined;
      if (reading === 'nothing' || (reading && 'kind' in reading)) {
        return { line: reading, pieces };
      }
      first ??= reading;
    }
    const next = after[pieces];
    if (next === undefined || !continues(next)) break;
    const piece = next.replace(QUOTE, '');
    joined = joined.slice(0, 16).flatMap((one) => [one + piece, `${one} ${piece}`]);
  }
  throw typeof first === 'object' && 'error' in first
    ? first.error
    : damagedEfi(text, 'this line is cut, or what it goes on with is lost:');
}

/** Whether it may be the rest of the line before it. */
function continues(line: string): boolean {
  return line.length < LINE_LIMIT && !STAMPED.test(line) && !isMapLine(line);
}
