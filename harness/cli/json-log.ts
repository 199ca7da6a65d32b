// SPDX-License-Identifier: MIT
import type { Log, LogFields } from '../log.ts';
import { asciiJson } from '../memory/ascii-json.ts';
import { writeStderr } from '../report/screen.ts';

/** A log for programs: each line on standard error is a JSON object. */
export const jsonLog: Log = {
  debug: () => {},
  info: (message, fields) => {
    writeLine('info', message, fields);
  },
  warn: (message) => {
    writeLine('warning', message);
  },
};

/** Writes such a line. */
export function writeLine(
  level: 'info' | 'warning' | 'error',
  message: string,
  fields: LogFields = {},
): void {
  writeStderr(asciiJson({ time: new Date().toISOString(), level, message, ...fields }));
}
