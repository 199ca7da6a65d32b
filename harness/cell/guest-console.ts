// SPDX-License-Identifier: MIT
import { printableText } from '../memory/printable-text.ts';
import { FIRST_LINE } from '../memory/kernel-log.ts';

/** How much of the end is kept for error messages, in characters and in lines. */
const TAIL_CHARS = 16_384;
const TAIL_LINES = 12;

/**
 * The console while the machine runs: evidence of how far the kernel got and of when it last said something.
 * Only the boundary between `firmware` and `boot` depends on what it says.
 */
export class GuestConsole {
  readonly #decoder = new TextDecoder();
  #tail = '';
  #spokenAt = performance.now();
  #sawKernel: () => void = () => {};
  /** Resolves when the kernel has printed its first line. */
  readonly kernelSpeaks: Promise<void> = new Promise((resolve) => {
    this.#sawKernel = resolve;
  });

  /** Takes the next bytes. */
  feed(bytes: Uint8Array): void {
    this.#spokenAt = performance.now();
    this.#tail = (this.#tail + this.#decoder.decode(bytes, { stream: true })).slice(-TAIL_CHARS);
    if (this.#tail.includes(FIRST_LINE)) this.#sawKernel();
  }

  /** How long the console has been silent, ms. */
  get silentMs(): number {
    return performance.now() - this.#spokenAt;
  }

  /** The last lines that are not empty, made printable. */
  get lastLines(): string[] {
    const lines = this.#tail.split(/\r?\n/).map((line) => printableText(line).trimEnd());
    return lines.filter((line) => line !== '').slice(-TAIL_LINES);
  }
}
