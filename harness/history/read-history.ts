// SPDX-License-Identifier: MIT
import { FormatError, messageOf } from '../errors.ts';
import { readChunks } from '../process/read-input.ts';
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

/** A line that is no line of history: it was cut short, or a stranger's. */
export interface SkippedLine {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly why: string;
}

/** What to read of a history. */
export interface HistoryOptions {
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** Runs that began before are left out, ms since 1970. */
  readonly sinceMs?: number | undefined;
}

/** Characters of a line: a kernel reference is an argument, which has at most half as many. */
const LINE_LIMIT = 262_144;

/** Cells of runs that are kept in memory: two years of 1,500 cells a night, 2 GiB. */
const CELLS_LIMIT = 1_000_000;

/** Bytes of a file. */
const FILE_LIMIT = 8 * 1024 ** 3;

/** Characters of a time as `Date.toISOString()` gives it. */
const ISO_LENGTH = 24;

/** Skipped lines that are named; the others are counted. */
const NAMED_LIMIT = 10;

/**
 * Reads files of history, whatever their order and however often a line is in them. Throws `UsageError` for a file that
 * cannot be opened, `FormatError` for what is no file, for a line of a newer sub1m and for too many lines.
 */
export async function readHistory(
  paths: readonly string[],
  options: HistoryOptions,
): Promise<History> {
  const reader = new HistoryReader(options);
  for (const path of paths) await reader.read(path);
  return reader.history();
}

/** What is being read. */
class HistoryReader {
  readonly #options: HistoryOptions;
  readonly #lines = new Map<string, HistoryLine>();
  readonly #words = new Map<string, unknown>();
  readonly #objects = new Map<string, unknown>();
  readonly #named: SkippedLine[] = [];
  #skipped = 0;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  async read(path: string): Promise<void> {
    let line = 0;
    for await (const text of linesOf(path, this.#options.signal)) {
      line += 1;
      if (text !== null && text.trim() === '') continue;
      const found = text === null ? `longer than ${LINE_LIMIT} characters` : this.#parse(text);
      if (typeof found === 'number') throw isNewer({ path, line }, found, text ?? '');
      if (typeof found === 'string') this.#skip({ path, line, why: found });
      else this.#keep(found, path);
    }
  }

  history(): History {
    const byIdentity = Array.from(this.#lines).toSorted(([one], [other]) => (one < other ? -1 : 1));
    return {
      lines: byIdentity.map(([, line]) => line),
      skipped: { count: this.#skipped, named: this.#named },
    };
  }

  /** The line; or why it is none, in words, or the number of its schema if that is newer than ours. */
  #parse(text: string): HistoryLine | string | number {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return `not a whole JSON document: ${messageOf(error)}`;
    }
    const version = versionOf(value);
    if (version !== undefined && version > HISTORY_VERSION) return version;
    const { data, error } = historyLineSchema.safeParse(value);
    if (!error) return data;
    const [issue] = error.issues;
    return `${issue?.path.join('.') || 'the whole line'}: ${issue?.message}`;
  }

  #keep(found: HistoryLine, path: string): void {
    const line = this.#withShared(found);
    const { sinceMs = -Infinity } = this.#options;
    if (Date.parse(line.at) < sinceMs) return;
    const identity = identityOf(line);
    const other = this.#lines.get(identity);
    // Two that differ cannot both be right: which is taken must not depend on their order.
    if (other && JSON.stringify(other) <= JSON.stringify(line)) return;
    this.#lines.set(identity, line);
    if (this.#lines.size <= CELLS_LIMIT) return;
    throw new FormatError(
      `Cannot read history ${path}: expected at most ${CELLS_LIMIT} cells of runs, found more; give --since`,
    );
  }

  /** The same line, its time as all have it, and what most lines have in common kept once. */
  #withShared(line: HistoryLine): HistoryLine {
    const { schema, cell, key, run, at, kernel, ovmf, invariants, sub1m, ...own } = line;
    return {
      schema,
      run: this.#share(run, run),
      at: this.#share(at, at.length === ISO_LENGTH ? at : new Date(at).toISOString()),
      cell: this.#share(cell, cell),
      key: this.#share(key, key),
      kernel: this.#share(JSON.stringify(kernel), kernel),
      ovmf: ovmf === null ? null : this.#share(ovmf, ovmf),
      invariants: this.#share(JSON.stringify(invariants), invariants),
      sub1m: this.#share(sub1m, sub1m),
      ...own,
    };
  }

  /** What was first given for the same text and the same kind of value. */
  #share<T>(text: string, value: T): T {
    const kind = typeof value === 'string' ? this.#words : this.#objects;
    const shared = kind.get(text) as T | undefined;
    if (shared !== undefined) return shared;
    kind.set(text, value);
    return value;
  }

  #skip(skipped: SkippedLine): void {
    this.#skipped += 1;
    if (this.#named.length < NAMED_LIMIT) this.#named.push(skipped);
  }
}

/** Two lines with the same are the same line; in this order a history is sorted. No cell has a NUL in its name. */
function identityOf({ at, run, repeat, cell }: HistoryLine): string {
  return `${at}\0${cell}\0${String(repeat).padStart(7, '0')}\0${run}`;
}

function versionOf(value: unknown): number | undefined {
  const isLine = typeof value === 'object' && value !== null && 'schema' in value;
  return isLine && typeof value.schema === 'number' ? value.schema : undefined;
}

function isNewer({ path, line }: Omit<SkippedLine, 'why'>, found: number, text: string): Error {
  const { sub1m } = JSON.parse(text) as { readonly sub1m?: unknown };
  const writer = typeof sub1m === 'string' ? `sub1m ${sub1m}` : 'a newer sub1m';
  return new FormatError(
    `Cannot read history ${path}:${line}: expected schema ${HISTORY_VERSION}, found ${found}; ${writer} wrote it and reads it`,
  );
}

/** The lines of a file; null for one that is too long. */
async function* linesOf(path: string, signal: AbortSignal): AsyncGenerator<string | null> {
  const missing = (why: string): string =>
    `Cannot read history ${path}: ${why}; sub1m run and check write one, or name another`;
  const decoder = new TextDecoder();
  let rest = '';
  let isLong = false;
  for await (const chunk of readChunks(path, { missing, signal, limit: FILE_LIMIT })) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      yield isLong || line.length > LINE_LIMIT ? null : line;
      isLong = false;
    }
    if (rest.length <= LINE_LIMIT) continue;
    // It is not kept: a file without any end of line would fill the memory.
    isLong = true;
    rest = '';
  }
  yield isLong ? null : rest + decoder.decode();
}
