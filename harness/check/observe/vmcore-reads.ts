// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';

/** What reads of `/proc/vmcore` gave in the guest (guest/PROTOCOL.md, "vmcore-reads"). */
export interface VmcoreReads {
  /** The places follow from it that were read. */
  readonly seed: string;
  /** How many pages the vmcore has. */
  readonly pages: number;
  /** The errno with which the capture kernel refused to map it, or null. */
  readonly unmapped: number | null;
  /** By name. */
  readonly tries: ReadonlyMap<string, ReadsTried>;
  /** The signal that ended the program that reads, or null. */
  readonly killedBy: number | null;
}

/** One kind of read that was tried. */
export interface ReadsTried {
  readonly count: number;
  readonly wrong: number;
  /** The first of them. */
  readonly first: readonly WrongRead[];
}

/** A read that was wrong; `offset` and `at` are in bytes of the file. */
export interface WrongRead {
  readonly offset: number;
  readonly length: number;
  /** The first byte that differs; null where the call gave another result. */
  readonly at: number | null;
  /** The eight bytes from there, by mmap() and by read(); or what the call must give, and what it gave. */
  readonly want: string;
  readonly found: string;
}

/** The program writes no longer file, in characters. */
const LIMIT = 64 * 1024;

const FIRST_LINE = 'vmcore-reads 1';

/** A shell's number for a program that a signal ended is that of the signal and this. */
const SIGNALLED = 128;

interface Draft {
  seed: string;
  pages: number;
  unmapped: number | null;
  killedBy: number | null;
  readonly tries: Map<string, ReadsTried & { readonly first: WrongRead[] }>;
}

type Fields = Readonly<Record<string, string>>;

/** What each line says, after the first. */
const LINES: readonly (readonly [RegExp, (draft: Draft, fields: Fields) => void])[] = [
  [/^seed (?<seed>\d{1,20})$/, (draft, { seed = '' }) => void (draft.seed = seed)],
  [/^took \d{1,9}$/, () => {}],
  [/^pages (?<count>\d{1,15})$/, (draft, { count }) => void (draft.pages = Number(count))],
  [/^unmapped (?<errno>\d{1,4})$/, (draft, { errno }) => void (draft.unmapped = Number(errno))],
  [
    /^try (?<name>[a-z-]{1,16}) (?<count>\d{1,15}) (?<wrong>\d{1,15})$/,
    ({ tries }, { name = '', count, wrong }) =>
      void tries.set(name, { count: Number(count), wrong: Number(wrong), first: [] }),
  ],
  [
    /^bytes (?<offset>0x[0-9a-f]{1,13}) (?<length>\d{1,15}) (?<at>0x[0-9a-f]{1,13}) 0x(?<want>[0-9a-f]{1,16}) 0x(?<found>[0-9a-f]{1,16})$/,
    (draft, { at, want = '', found = '', ...place }) => {
      const words = { want: want.padStart(16, '0'), found: found.padStart(16, '0') };
      note(draft, place, { at: Number(at), ...words });
    },
  ],
  [
    /^result (?<offset>0x[0-9a-f]{1,13}) (?<length>\d{1,15}) (?<want>-?\d{1,19}) (?<found>-?\d{1,19})$/,
    (draft, { want = '', found = '', ...place }) => {
      note(draft, place, { at: null, want, found });
    },
  ],
  [
    /^ended (?<status>\d{1,3})$/,
    (draft, { status }) => {
      const signal = Number(status) - SIGNALLED;
      draft.killedBy = signal > 0 ? signal : null;
    },
  ],
  [/^done$/, () => {}],
];

/** Reads `capture/vmcore-reads`. Throws `FormatError` unless it is what the program writes, to its end. */
export function parseVmcoreReads(text: string): VmcoreReads {
  const [first, ...lines] = text.slice(0, LIMIT).trimEnd().split('\n');
  const draft: Draft = { seed: '', pages: 0, unmapped: null, tries: new Map(), killedBy: null };
  if (first !== FIRST_LINE) throw unreadable(`"${FIRST_LINE}" first`);
  for (const [at, line] of lines.entries()) {
    const row = LINES.find(([pattern]) => pattern.test(line));
    if (!row) throw unreadable(`a line that it writes as line ${at + 2}`);
    row[1](draft, row[0].exec(line)?.groups ?? {});
  }
  if (lines.at(-1) !== 'done' && draft.killedBy === null) throw unreadable('"done" last');
  return draft;
}

/** Adds a wrong read to what was tried last. */
function note(
  { tries }: Draft,
  { offset, length }: Fields,
  what: Pick<WrongRead, 'at' | 'want' | 'found'>,
): void {
  const wrong = { offset: Number(offset), length: Number(length), ...what };
  [...tries.values()].at(-1)?.first.push(wrong);
}

function unreadable(expected: string): FormatError {
  return new FormatError(`Cannot read what read-vmcore wrote: expected ${expected}`);
}
