// SPDX-License-Identifier: MIT

/** A line of a kernel build that names the object being compiled: `  CC      kernel/fork.o`. */
const OBJECT = /^ {2}(?:CC|AS) +(\S+)$/;

/** What a program prints that fails because of the host, not of the source, and what to do about it. */
const HOST_TROUBLE: readonly (readonly [sign: RegExp, advice: string])[] = [
  // At the end of its line: a compiler also prints lines of the source.
  [/: (?:No space left on device|Disk quota exceeded)$/m, 'make room and try again'],
  [
    /Killed signal terminated program|\] Killed$|out of memory allocating|memory exhausted(?:: |$)/m,
    'free memory and try again',
  ],
];

/** What the binutils say of an object, an archive or a vmlinux that is cut short or empty. */
const DAMAGED_OBJECT = /: file (?:format not recognized|truncated)$/m;

/** What went wrong in a build, the most telling kinds first; within a kind the first line is the cause. */
const ERRORS: readonly RegExp[] = [
  ...HOST_TROUBLE.map(([sign]) => sign),
  /^\S+?:\d+(?::\d+)?: (?:fatal )?error: /,
  /^\S+?:\d+: \*\*\* /,
  /: undefined reference to /,
  /^\*\*\* |^ERROR: /,
  /^make(?:\[\d+\])?: \*\*\* (?!\[|Waiting)/,
  /\berror\b/i,
  /^make(?:\[\d+\])?: \*\*\* /,
];

/** Follows a build line by line: counts its objects and keeps the lines that may be errors. */
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

  /** How far the build has got, for people. */
  get progress(): string {
    return this.#objects === 0
      ? 'tools and headers first'
      : `${this.#objects} objects, ${this.#object}`;
  }

  /** The line that says why the build failed. */
  get firstError(): string {
    return firstError(this.#lines);
  }

  /** Whether a file that an earlier build has left cannot be read. */
  get hasDamagedObject(): boolean {
    return DAMAGED_OBJECT.test(this.#lines.join('\n'));
  }

  /** What to do about the host, if the host is to blame and not the source. */
  get hostAdvice(): string | undefined {
    return hostAdvice(this.#lines.join('\n'));
  }
}

/** What to do about the host if what a failed program said shows that the host is to blame. */
export function hostAdvice(said: string): string | undefined {
  return HOST_TROUBLE.find(([sign]) => sign.test(said))?.[1];
}

/** The line that says why a build failed: the first compiler error, not the last word of make. */
export function firstError(lines: readonly string[]): string {
  for (const kind of ERRORS) {
    const found = lines.find((line) => kind.test(line));
    if (found !== undefined) return found.trim();
  }
  return lines.at(-1)?.trim() ?? 'it said nothing';
}
