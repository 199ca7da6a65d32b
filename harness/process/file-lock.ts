// SPDX-License-Identifier: MIT
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { runCommand } from './owned-process.ts';

/** How a lock is taken. */
interface LockOptions {
  readonly signal: AbortSignal;
  /** Others may have it at the same time, if they share it, too. */
  readonly shared?: boolean;
}

/**
 * A lock between programs, on an open file (flock(2)). It lasts until this object is disposed and every child that
 * inherited `descriptor` has ended, even if this program is killed.
 */
export class FileLock implements AsyncDisposable {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /**
   * Waits for the lock on `path`, a file that is created if missing. Calls `onWait` if another
   * program has the lock.
   */
  static async acquire(
    path: string,
    { signal, onWait, shared = false }: LockOptions & { readonly onWait: () => void },
  ): Promise<FileLock> {
    const lock = await FileLock.#open(path);
    try {
      if (!(await lock.#try({ signal, shared }))) {
        onWait();
        await runCommand(['flock', kindOf(shared), '3'], { signal, inherit: [lock.descriptor] });
      }
      return lock;
    } catch (error) {
      await lock.#file.close();
      throw error;
    }
  }

  /** The lock, or null if another has it. */
  static async tryAcquire(path: string, options: LockOptions): Promise<FileLock | null> {
    const lock = await FileLock.#open(path);
    let isOurs = false;
    try {
      isOurs = await lock.#try(options);
      return isOurs ? lock : null;
    } finally {
      if (!isOurs) await lock.#file.close();
    }
  }

  static async #open(path: string): Promise<FileLock> {
    await mkdir(dirname(path), { recursive: true });
    return new FileLock(await open(path, 'a'));
  }

  async #try({ signal, shared = false }: LockOptions): Promise<boolean> {
    // A lock belongs to the open file: flock(1) takes it on its descriptor 3, and it stays ours.
    const script = `flock --nonblock ${kindOf(shared)} 3 || echo taken`;
    const inherit = [this.descriptor];
    return (await runCommand(['sh', '-c', script], { signal, inherit })) === '';
  }

  /** The open file, for children that must keep the lock for as long as they live. */
  get descriptor(): number {
    return this.#file.fd;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

function kindOf(shared: boolean): string {
  return shared ? '--shared' : '--exclusive';
}
