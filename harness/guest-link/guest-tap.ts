// SPDX-License-Identifier: MIT
import { Parser, type Result } from 'tap-parser';

/** The agent writes no longer lines, in characters. */
const LINE_LIMIT = 4096;

const VERSION_LINE = 'TAP version 14';

/** One answer of the agent. */
export interface TestPoint {
  readonly ok: boolean;
  /** The command it answers. */
  readonly name: string;
  /** The string values of its YAML block. */
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Splits the bytes of the agent's port into test points. Each version line begins a new TAP document, whatever became
 * of the one before; everything outside of documents is noise (the firmware writes to every serial port).
 */
export class GuestTap {
  readonly #onPoint: (point: TestPoint) => void;
  readonly #decoder = new TextDecoder();
  #rest = '';
  #parser: Parser | undefined;

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
    if (line.endsWith(VERSION_LINE)) this.#parser = this.#newParser();
    this.#parser?.write(`${line.endsWith(VERSION_LINE) ? VERSION_LINE : line}\n`);
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
  return new Map(
    Object.entries(diag).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}
