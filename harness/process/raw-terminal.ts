// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { ProcessError } from '../errors.ts';

/**
 * Makes the terminal raw, prints a line, and restores its settings once descriptor 3 is closed: by us, or by the
 * kernel when we are killed.
 */
const KEEPER = 'saved=$(stty -g) && stty raw -echo && echo && read -r _ <&3; stty "$saved"';

/**
 * Makes the terminal on standard input raw: the reader gets every key, even Ctrl-C. (Node's own raw mode still
 * translates line ends in output.) Disposing of it, or the end of this program, restores the terminal.
 */
export async function makeTerminalRaw(): Promise<AsyncDisposable> {
  const keeper = spawn('sh', ['-c', KEEPER], {
    stdio: ['inherit', 'pipe', 'pipe', 'pipe'],
    // In a session of its own no signal of the terminal reaches it.
    detached: true,
  });
  const exited = once(keeper, 'exit');
  const dispose = async (): Promise<void> => {
    (keeper.stdio[3] as Writable).destroy();
    await exited;
  };
  const [, said] = keeper.stdio;
  const isRaw = await Promise.race([said && once(said, 'data').then(() => true), exited]);
  if (isRaw !== true) throw new ProcessError('Cannot make the terminal raw: stty failed');
  return { [Symbol.asyncDispose]: dispose };
}
