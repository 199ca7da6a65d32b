// SPDX-License-Identifier: MIT
/**
 * `guest-link/`: the host's end of guest/PROTOCOL.md: what goes into a guest (initramfs, disk images) and what
 * comes out (TAP, tar). Its one rule: nothing that a guest says is trusted, and all of it is bounded.
 * Start reading at guest/PROTOCOL.md, then `guest-agent.ts`.
 */
import { Parser, type Result } from 'tap-parser';

/** A longer line is no line of the agent's, in characters. */
const LINE_LIMIT = 4096;

const VERSION_LINE = 'TAP version 14';

/** One answer of the agent. */
export interface TestPoint {
  readonly ok: boolean;
  /** The command it answers. */
  readonly name: string;
  /** The values of its YAML block; only strings are taken. */
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Cuts the bytes of the agent's port into test points. Each version line begins a TAP document of its own, whatever
 * became of the one before; all outside of documents is noise (the firmware writes to every serial port).
 */
export class GuestTap {
  readonly #onPoint: (point: TestPoint) => void;
  readonly #decoder = new TextDecoder();
  #rest = '';
  #parser: Parser | undefined;

  constructor(onPoint: (point: TestPoint) => void) {
    this.#onPoint = onPoint;
  }

  /** Takes the next bytes, cut anywhere. */
  feed(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n');
    this.#rest = (lines.pop() ?? '').slice(-LINE_LIMIT);
    for (const line of lines) this.#line(line.slice(-LINE_LIMIT));
  }

  #line(line: string): void {
    // The firmware's last escape sequences may stand before it on the same line.
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
