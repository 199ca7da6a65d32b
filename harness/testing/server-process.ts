// SPDX-License-Identifier: MIT
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** The process of a server for tests, which may be killed and started again. */
export class ServerProcess {
  #child: ChildProcess | undefined;

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start([program, ...args]: readonly [string, ...string[]]): void {
    this.#child = spawn(program, args, { stdio: 'ignore' });
  }

  /** Kills it by SIGKILL, if it runs. */
  async kill(): Promise<void> {
    if (this.#child === undefined) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
    this.#child = undefined;
  }
}
