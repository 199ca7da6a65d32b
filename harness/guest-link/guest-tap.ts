// SPDX-License-Identifier: MIT
import { Parser, type Result } from 'tap-parser';

/** The agent writes no longer lines, in characters, nor more of them in a document, nor more values. */
const LINE_LIMIT = 1024;
const LINES_LIMIT = 32;
const VALUES_LIMIT = 16;

/** What tap-parser takes for the end of a line in a line, and then never finds its end. */
const OTHER_LINE_ENDS = /[\r\u2028\u2029]/g;

const VERSION_LINE = 'TAP version 14';

/** One answer of the agent. */
export interface TestPoint {
  readonly ok: boolean;
  /** The command it answers. */
  readonly name: string;
  /** The string values of its YAML block, each of at most `LINE_LIMIT` characters. */
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Splits the bytes of the agent's port into test points. Each version line begins a new TAP document, whatever became
 * of the one before; everything outside of documents is noise (the firmware writes to every serial port), and so is
 * what is longer than any answer of the agent.
 */
export class GuestTap {
  readonly #onPoint: (point: TestPoint) => void;
  readonly #decoder = new TextDecoder();
  #rest = '';
  #parser: Parser | undefined;
  /** How many lines of the document there were. */
  #lines = 0;

  constructor(onPoint: (point: TestPoint) => void) {
    this.#onPoint = onPoint;
  }

  /** Takes the next bytes, which may be cut anywhere. */
  feed(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n');
    this.#rest = (lines.pop() ?? '').slice(-LINE_LIMIT);
    for (const line of lines) this.#line(line.slice(-LINE_LIMIT));
  }

  #line(line: string): void {
    // The firmware's last escape sequences may precede it on the same line.
    const isFirst = line.endsWith(VERSION_LINE);
    if (isFirst) [this.#parser, this.#lines] = [this.#newParser(), 0];
    this.#lines += 1;
    if (this.#lines > LINES_LIMIT) this.#parser = undefined;
    this.#parser?.write(`${isFirst ? VERSION_LINE : line.replaceAll(OTHER_LINE_ENDS, ' ')}\n`);
  }

  #newParser(): Parser {
    const parser = new Parser({ name: 'agent' });
    parser.on('assert', (result: Result) => {
      this.#onPoint({ ok: result.ok, name: result.name, values: stringValues(result.diag) });
    });
    return parser;
  }
}

function stringValues(diag: unknown): Map<string, string> {
  if (typeof diag !== 'object' || diag === null) return new Map();
  const strings = Object.entries(diag).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  return new Map(
    strings.slice(0, VALUES_LIMIT).map(([name, value]) => [name, value.slice(0, LINE_LIMIT)]),
  );
}
