// SPDX-License-Identifier: MIT
import { type Log, silentLog } from '../../log.ts';

/** A log whose notes and warnings, or one kind of them alone, a test can read in `said`. */
export function heardLog(said: string[], only?: 'info' | 'warn'): Log {
  const say = (line: string): void => void said.push(line);
  return only ? { ...silentLog, [only]: say } : { ...silentLog, info: say, warn: say };
}
