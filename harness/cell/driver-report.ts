// SPDX-License-Identifier: MIT
import type { Machine } from '../qemu/machine.ts';

/** Characters in which the driver says that it goes on: it is the first line that it says. */
const HEAD_LIMIT = 64;

/** What the personality driver reports while a machine runs. */
interface DriverReport {
  /** Whether the driver was held, and has gone on. */
  readonly wentOn: () => boolean;
}

/**
 * Gives the driver's whole report to `write`: what it `said` before the machine was saved, then what it says. A port
 * that nobody reads holds its guest up.
 */
export function listenToDriver(
  machine: {
    readonly personality: Pick<NonNullable<Machine['personality']>, 'onBytes'> | undefined;
  },
  said: string,
  write: (bytes: Uint8Array) => void,
): DriverReport {
  let head = '';
  if (said !== '') write(Buffer.from(said, 'latin1'));
  machine.personality?.onBytes((bytes) => {
    if (head.length < HEAD_LIMIT) head += Buffer.from(bytes).toString('latin1', 0, HEAD_LIMIT);
    write(bytes);
  });
  return { wentOn: () => head.startsWith('go\n') };
}
