// SPDX-License-Identifier: MIT
import { writeStderr } from '../report/screen.ts';

/** Codes of a write to a pipe or socket that nobody reads any more. */
const GONE = ['EPIPE', 'ECONNRESET'];

/**
 * Decides what becomes of a write to standard output or standard error that fails. A reader that has seen enough, such
 * as head(1), is no error. Notes that cannot be shown are lost. Results that cannot be written are trouble of the host:
 * the function that it gives says which, null if there was none.
 */
export function guardOutput(): () => NodeJS.ErrnoException | null {
  let lost: NodeJS.ErrnoException | null = null;
  process.stderr.on('error', () => {});
  // Node and packages warn of what they read, with words of it.
  process.removeAllListeners('warning');
  process.on('warning', ({ message }) => {
    writeStderr(`warning: ${message}`);
  });
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A terminal that is closed says EIO.
    const isGone =
      GONE.includes(error.code ?? '') || (process.stdout.isTTY && error.code === 'EIO');
    if (isGone || lost) return;
    lost = error;
    writeStderr(`sub1m: Cannot write to standard output: ${error.message}`);
  });
  return () => lost;
}
