// SPDX-License-Identifier: MIT
import { InvalidArgumentError } from 'commander';

/** Seconds of each unit. */
const UNITS = { s: 1, min: 60, h: 3600 } as const;

/** Reads a time such as `90s`, `20min` or `1h30min`, in seconds. Throws `InvalidArgumentError`. */
export function parseTimeSpan(text: string): number {
  const [, h, min, s] = /^(?=.)(?:(\d{1,6})h)?(?:(\d{1,6})min)?(?:(\d{1,6})s)?$/.exec(text) ?? [];
  const seconds =
    Number(h ?? 0) * UNITS.h + Number(min ?? 0) * UNITS.min + Number(s ?? 0) * UNITS.s;
  if (seconds > 0) return seconds;
  throw new InvalidArgumentError('Expected a time such as 90s, 20min or 1h30min.');
}
