// SPDX-License-Identifier: MIT

/** `git bisect run` skips a commit with it, and stops from the other on (git-bisect(1), "Bisect run"). */
const [SKIP, STOP] = [125, 128];

/**
 * How a command may end, the one that decides first: its exit status (sysexits.h; 128 and the number of a signal, as
 * shells do), and what `git bisect run` is told instead. Only a verdict is 1. docs/reports.md has the same table.
 */
export const ENDS = {
  /** The user or the caller stopped it: SIGINT unless another signal is known. */
  interrupted: { status: 130, bisectRun: 130 },
  /** A kernel broke an invariant. */
  broken: { status: 1, bisectRun: 1 },
  /** A bug of ours: in one cell, or anywhere else. */
  bug: { status: 70, bisectRun: STOP + 70 },
  /** The command line, or a file that the user named, is wrong. */
  usage: { status: 64, bisectRun: STOP + 64 },
  /** Bytes or text that cannot be read. */
  data: { status: 65, bisectRun: SKIP },
  /** The host fails: the next kernel would fare no better. */
  host: { status: 69, bisectRun: STOP + 69 },
  /** sub1m cannot tell, and it may be due to this kernel. */
  unjudged: { status: 69, bisectRun: SKIP },
  /** Everything that was asked is answered: every cell matches. */
  done: { status: 0, bisectRun: 0 },
} as const;

/** See `ENDS`. */
export type End = keyof typeof ENDS;

/** The ends of errors by their code; any other is `unjudged`. */
const BY_CODE: Readonly<Record<string, End>> = {
  E_BUG: 'bug',
  E_FORMAT: 'data',
  E_HOST: 'host',
  E_INTERRUPTED: 'interrupted',
  E_MISSING_PAGE: 'data',
  E_UNSUPPORTED_FORMAT: 'data',
  E_USAGE: 'usage',
};

/** How a command ends that an error with this code ends. */
export function endOfCode(code: string): End {
  return Object.hasOwn(BY_CODE, code) ? (BY_CODE[code] ?? 'unjudged') : 'unjudged';
}

/** Of several ends the one that decides; `done` if there is none. */
export function firstEnd(ends: readonly End[]): End {
  const order = Object.keys(ENDS) as End[];
  return order.find((end) => ends.includes(end)) ?? 'done';
}
