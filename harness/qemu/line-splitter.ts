// SPDX-License-Identifier: MIT
import { QmpError } from '../errors.ts';

/** The longest line that is accepted, in characters; `info registers -a` of 255 CPUs has about 1 M. */
export const LINE_LIMIT = 4 * 1024 * 1024;

/** Splits chunks of UTF-8 into lines. */
export class LineSplitter {
  readonly #decoder = new TextDecoder();
  #rest = '';

  /** The lines that end in `chunk`, without their ends. Throws `QmpError` beyond `LINE_LIMIT`. */
  split(chunk: Uint8Array): string[] {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > LINE_LIMIT) {
      throw new QmpError(
        `Cannot read QMP: expected lines of at most ${LINE_LIMIT} characters, found a longer one`,
      );
    }
    return lines.map((line) => line.replace(/\r$/, ''));
  }
}
