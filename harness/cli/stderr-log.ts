// SPDX-License-Identifier: MIT
import type { Log } from '../log.ts';
import { writeStderr } from '../report/screen.ts';

/** The log of a command: notes for people, on standard error; standard output is for results. */
export const stderrLog: Log = {
  debug: () => {},
  info: (message) => {
    writeStderr(message);
  },
  warn: (message) => {
    writeStderr(`warning: ${message}`);
  },
};
