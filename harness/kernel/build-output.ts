// SPDX-License-Identifier: MIT

/** A line of a kernel build that says which object is being made: `  CC      kernel/fork.o`. */
const OBJECT = /^ {2}(?:CC|AS) +(\S+)$/;

/** What went wrong in a build, the telling kinds first: within a kind the first line is the cause. */
const ERRORS: readonly RegExp[] = [
  /No space left on device/,
  /^\S+?:\d+(?::\d+)?: (?:fatal )?error: /,
  /^\S+?:\d+: \*\*\* /,
  /: undefined reference to /,
  /^\*\*\* |^ERROR: /,
  /^make(?:\[\d+\])?: \*\*\* (?!\[|Waiting)/,
  /\berror\b/i,
  /^make(?:\[\d+\])?: \*\*\* /,
];

const NO_SPACE = /No space left on device/;

/** Follows a build line by line: counts its objects and keeps what its errors may be among. */
export class BuildOutput {
  #objects = 0;
  #object = '';
  readonly #lines: string[] = [];

  add(line: string): void {
    const object = OBJECT.exec(line)?.[1];
    if (object === undefined) {
      this.#lines.push(line);
    } else {
      this.#objects++;
      this.#object = object;
    }
  }

  /** How far the build is, for people. */
  get progress(): string {
    return this.#objects === 0
      ? 'tools and headers first'
      : `${this.#objects} objects, ${this.#object}`;
  }

  /** The line that says why the build failed. */
  get firstError(): string {
    return firstError(this.#lines);
  }

  /** Whether it failed because a disk is full. */
  get isDiskFull(): boolean {
    return this.#lines.some((line) => NO_SPACE.test(line));
  }
}

/** The line that says why a build failed: the first error of a compiler, not what make said last. */
export function firstError(lines: readonly string[]): string {
  for (const kind of ERRORS) {
    const found = lines.find((line) => kind.test(line));
    if (found !== undefined) return found.trim();
  }
  return lines.at(-1)?.trim() ?? 'it said nothing';
}
