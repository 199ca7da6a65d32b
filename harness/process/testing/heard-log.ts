// SPDX-License-Identifier: MIT
import { type Log, silentLog } from '../../log.ts';

/** A log whose notes and warnings a test can read in `said`. */
export function heardLog(said: string[]): Log {
  const say = (line: string): void => void said.push(line);
  return { ...silentLog, info: say, warn: say };
}
