// SPDX-License-Identifier: MIT
import { setMaxListeners } from 'node:events';
import { constants } from 'node:os';
import { InterruptedError } from '../errors.ts';
import { writeStderr } from '../report/screen.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Under npm one Ctrl-C arrives twice, milliseconds apart: from the terminal and from npm. */
const SAME_KEY_MS = 500;

/** What ends a command before its work is done. */
export interface Interrupt {
  /** Every wait of a command hangs on it. */
  readonly signal: AbortSignal;
  /** The number of the Unix signal that came last; null if none did. */
  readonly number: () => number | null;
  /** Fires it for another reason. */
  readonly abort: (reason: Error) => void;
}

/**
 * The interrupt of this process. The first Ctrl-C, SIGTERM or SIGHUP fires it and lets cleanups run; a second one ends
 * the program at once (QEMU then dies by PR_SET_PDEATHSIG).
 */
export function watchSignals(): Interrupt {
  const controller = new AbortController();
  const { signal } = controller;
  // Every machine and process of a command listens to it: so many listeners are no leak.
  setMaxListeners(0, signal);
  let last: { readonly name: string; readonly number: number; readonly at: number } | undefined;
  for (const name of SIGNALS) {
    process.on(name, () => {
      const before = last;
      const at = performance.now();
      if (before?.name === name && at - before.at < SAME_KEY_MS) return;
      last = { name, number: constants.signals[name], at };
      // What it exits with is decided where every exit is: main.ts.
      if (before) process.exit();
      writeStderr(`\n${name}: cleaning up; repeat to quit at once`);
      controller.abort(new InterruptedError(`Interrupted by ${name}`));
    });
  }
  return {
    signal,
    number: () => last?.number ?? null,
    abort: (reason) => {
      controller.abort(reason);
    },
  };
}
