// SPDX-License-Identifier: MIT
import { setMaxListeners } from 'node:events';
import { InterruptedError } from '../errors.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Under npm one Ctrl-C arrives twice, milliseconds apart: from the terminal and from npm. */
const SAME_KEY_MS = 500;

/**
 * The signal that every wait of a command hangs on. The first Ctrl-C, SIGTERM or SIGHUP fires it and lets cleanups run;
 * a second one ends the program at once (QEMU then dies by PR_SET_PDEATHSIG).
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  // Every machine and process of a command listens to it: so many listeners are no leak.
  setMaxListeners(0, controller.signal);
  let interruptedAt = 0;
  for (const name of SIGNALS) {
    process.on(name, () => {
      const again = controller.signal.aborted;
      if (again && performance.now() - interruptedAt < SAME_KEY_MS) return;
      if (again) process.exit(130);
      interruptedAt = performance.now();
      process.stderr.write(`\n${name}: cleaning up; repeat to quit at once\n`);
      controller.abort(new InterruptedError(`Interrupted by ${name}`));
    });
  }
  return controller.signal;
}
