// SPDX-License-Identifier: MIT

/** Where a part of the harness says what it is doing; `cli/` decides what becomes of it. */
export interface Log {
  /** A line for people who asked for detail. */
  debug(message: string): void;
  /** A line that everyone should see: slow work that starts, a decision that was taken. */
  info(message: string): void;
  /** Something that is wrong but does not stop the work. */
  warn(message: string): void;
}

/** A log that keeps nothing. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {} };
