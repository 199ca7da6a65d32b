// SPDX-License-Identifier: MIT
import { readChunks } from '../process/read-input.ts';
import { type History, LineCollector } from './line-collector.ts';

/** What to read of a history. */
export interface HistoryOptions {
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** Runs that began before are left out, ms since 1970. */
  readonly sinceMs?: number | undefined;
}

/** Characters of a line: a kernel reference is an argument, which has at most half as many. */
const LINE_LIMIT = 262_144;

const TOO_LONG = `longer than ${LINE_LIMIT} characters`;

/** Bytes of a file. */
const FILE_LIMIT = 8 * 1024 ** 3;

/**
 * Reads files of history, whatever their order and however often a line is in them. Throws `UsageError` for a file that
 * cannot be opened, `FormatError` for what is no file, for a line of a newer sub1m and for too many lines.
 */
export async function readHistory(
  paths: readonly string[],
  options: HistoryOptions,
): Promise<History> {
  const { signal, sinceMs } = options;
  const collector = new LineCollector(sinceMs);
  for (const path of paths) await readFile(path, signal, collector);
  return collector.history();
}

async function readFile(
  path: string,
  signal: AbortSignal,
  collector: LineCollector,
): Promise<void> {
  let line = 0;
  for await (const texts of linesOf(path, signal)) {
    for (const text of texts) {
      line += 1;
      if (text === null) collector.skip({ path, line, why: TOO_LONG });
      else collector.add(text, { path, line });
    }
  }
}

/** The lines of a file, many at a time; null for one that is too long. */
async function* linesOf(path: string, signal: AbortSignal): AsyncGenerator<(string | null)[]> {
  const missing = (why: string): string =>
    `Cannot read history ${path}: ${why}; sub1m run and check write one, or name another`;
  const decoder = new TextDecoder();
  let rest = '';
  let isLong = false;
  for await (const chunk of readChunks(path, { missing, signal, limit: FILE_LIMIT })) {
    const [first = '', ...others] = decoder.decode(chunk, { stream: true }).split('\n');
    rest += first;
    if (others.length > 0) {
      const last = others.pop() ?? '';
      yield [isLong ? null : rest, ...others].map(unlessLong);
      [rest, isLong] = [last, false];
    }
    if (rest.length <= LINE_LIMIT) continue;
    // It is not kept: a file without any end of line would fill the memory.
    [rest, isLong] = ['', true];
  }
  yield [isLong ? null : unlessLong(rest + decoder.decode())];
}

function unlessLong(line: string | null): string | null {
  return line !== null && line.length > LINE_LIMIT ? null : line;
}
