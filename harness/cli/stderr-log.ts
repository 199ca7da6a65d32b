// SPDX-License-Identifier: MIT
import type { Log } from '../log.ts';

/** The log of a command: notes for people, on standard error; standard output is for results. */
export const stderrLog: Log = {
  debug: () => {},
  info: (message) => {
    process.stderr.write(`${message}\n`);
  },
  warn: (message) => {
    process.stderr.write(`warning: ${message}\n`);
  },
};
