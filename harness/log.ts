// SPDX-License-Identifier: MIT

/** Where the parts of the harness log what they are doing; `cli/` decides what is shown. */
export interface Log {
  /** A line for people who asked for details. */
  debug(message: string): void;
  /** A line that everyone should see: slow work that begins, a decision that was made; `fields` are for programs. */
  info(message: string, fields?: LogFields): void;
  /** Something is wrong, but the work goes on. */
  warn(message: string): void;
}

/** What a line is about, for programs that read it. */
export type LogFields = Readonly<Record<string, string | number>>;

/** A log that keeps nothing. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {} };
