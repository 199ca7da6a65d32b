// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { FormatError, messageOf } from '../errors.ts';
import { HISTORY_VERSION, type HistoryLine, historyLineSchema } from './history-line.ts';

/** What files of history say. */
export interface History {
  /** Oldest run first, and each cell of a run once. */
  readonly lines: readonly HistoryLine[];
  readonly skipped: {
    readonly count: number;
    /** The first of them. */
    readonly named: readonly SkippedLine[];
  };
}

/** Where a line stands. */
export interface LinePlace {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
}

/** A line that is no line of history: it was cut short, or a stranger's. */
export interface SkippedLine extends LinePlace {
  readonly why: string;
}

/** Cells of runs that are kept in memory: a year of 1,500 cells a night takes 700 MiB. */
const CELLS_LIMIT = 600_000;

/** Characters of their lines, most of which have 1,000. */
const CHARACTERS_LIMIT = 1024 ** 3;

/** Characters of a time as `Date.toISOString()` gives it. */
const ISO_LENGTH = 24;

/** Skipped lines that are named; the others are counted. */
const NAMED_LIMIT = 10;

type Line = z.infer<typeof historyLineSchema>;

/** A line without the parts that take longest to check, and are the same in most lines. */
const ownSchema = historyLineSchema.extend({ kernel: z.unknown(), invariants: z.unknown() });

/** What lines of history say that are given one by one, in any order. */
export class LineCollector {
  readonly #sinceMs: number;
  readonly #lines = new Map<string, HistoryLine>();
  readonly #words = new Map<string, string>();
  readonly #parts = new Map<string, Line['kernel'] | Line['invariants']>();
  readonly #named: SkippedLine[] = [];
  #skipped = 0;
  #characters = 0;

  /** Runs that began before `sinceMs`, ms since 1970, are left out. */
  constructor(sinceMs = -Infinity) {
    this.#sinceMs = sinceMs;
  }

  /** Takes a line. Throws `FormatError` for one of a newer sub1m, and for too many. */
  add(text: string, place: LinePlace): void {
    const found = text.trim() === '' ? null : this.#parse(text);
    if (found === null) return;
    if (typeof found === 'number') throw isNewer(place, found, text);
    if (typeof found === 'string') {
      this.skip({ ...place, why: found });
      return;
    }
    this.#keep(found);
    this.#characters += text.length;
    if (this.#lines.size > CELLS_LIMIT || this.#characters > CHARACTERS_LIMIT)
      throw isTooMuch(place);
  }

  history(): History {
    const byIdentity = Array.from(this.#lines).toSorted(([one], [other]) => (one < other ? -1 : 1));
    return {
      lines: byIdentity.map(([, line]) => line),
      skipped: { count: this.#skipped, named: this.#named },
    };
  }

  /**
   * The line, or null if it is older than what is asked for; or why it is none, in words, or the number of its schema if
   * that is newer than ours.
   */
  #parse(text: string): HistoryLine | string | number | null {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return `not a whole JSON document: ${messageOf(error)}`;
    }
    const version = versionOf(value);
    if (version !== undefined && version > HISTORY_VERSION) return version;
    const own = ownSchema.safeParse(value);
    if (!own.success) return wordsOfIssue(own.error);
    if (Date.parse(own.data.at) < this.#sinceMs) return null;
    const kernel = this.#part('kernel', own.data.kernel);
    const invariants = this.#part('invariants', own.data.invariants);
    if (typeof kernel === 'string') return kernel;
    if (typeof invariants === 'string') return invariants;
    return this.#withShared({ ...own.data, kernel, invariants });
  }

  /** A part that many lines have in common: it is checked once, and kept once. In words, why it is none. */
  #part<Name extends 'kernel' | 'invariants'>(name: Name, value: unknown): Line[Name] | string {
    const text = `${name} ${JSON.stringify(value)}`;
    const found = this.#parts.get(text) as Line[Name] | undefined;
    if (found !== undefined) return found;
    const { data, error } = historyLineSchema.shape[name].safeParse(value);
    if (error) return wordsOfIssue(error, name);
    this.#parts.set(text, data);
    return data as Line[Name];
  }

  /** The same line, its time as all have it, and words that most lines have in common kept once. */
  #withShared(line: Line): HistoryLine {
    const { at } = line;
    line.at = this.#share(at.length === ISO_LENGTH ? at : new Date(at).toISOString());
    line.run = this.#share(line.run);
    line.cell = this.#share(line.cell);
    line.key = this.#share(line.key);
    line.ovmf = line.ovmf === null ? null : this.#share(line.ovmf);
    line.sub1m = this.#share(line.sub1m);
    return line;
  }

  #share(words: string): string {
    const shared = this.#words.get(words);
    if (shared !== undefined) return shared;
    this.#words.set(words, words);
    return words;
  }

  #keep(line: HistoryLine): void {
    const identity = identityOf(line);
    const other = this.#lines.get(identity);
    // Two that differ cannot both be right: which is taken must not depend on their order.
    if (other && JSON.stringify(other) <= JSON.stringify(line)) return;
    this.#lines.set(identity, line);
  }

  /** Notes what is no line of history. */
  skip(skipped: SkippedLine): void {
    this.#skipped += 1;
    if (this.#named.length < NAMED_LIMIT) this.#named.push(skipped);
  }
}

/** Two lines with the same are the same line; in this order a history is sorted. No cell has a NUL in its name. */
function identityOf({ at, run, repeat, cell }: HistoryLine): string {
  return `${at}\0${cell}\0${String(repeat).padStart(7, '0')}\0${run}`;
}

function wordsOfIssue({ issues: [issue] }: z.ZodError, ...below: readonly string[]): string {
  const field = [...below, ...(issue?.path ?? [])].join('.');
  return `${field || 'the whole line'}: ${issue?.message}`;
}

function versionOf(value: unknown): number | undefined {
  const isLine = typeof value === 'object' && value !== null && 'schema' in value;
  return isLine && typeof value.schema === 'number' ? value.schema : undefined;
}

function isNewer({ path, line }: LinePlace, found: number, text: string): Error {
  const { sub1m } = JSON.parse(text) as { readonly sub1m?: unknown };
  const writer = typeof sub1m === 'string' ? `sub1m ${sub1m}` : 'a newer sub1m';
  return new FormatError(
    `Cannot read history ${path}:${line}: expected schema ${HISTORY_VERSION}, found ${found}; ${writer} wrote it and reads it`,
  );
}

function isTooMuch({ path }: LinePlace): Error {
  return new FormatError(
    `Cannot read history ${path}: expected at most ${CELLS_LIMIT} cells of runs, found more; give --since`,
  );
}
