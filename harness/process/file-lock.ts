// SPDX-License-Identifier: MIT
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { runCommand } from './owned-process.ts';

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
    { signal, onWait }: { readonly signal: AbortSignal; readonly onWait: () => void },
  ): Promise<FileLock> {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, 'a');
    try {
      // A lock belongs to the open file: flock(1) takes it on its descriptor 3, and it stays ours.
      const options = { signal, inherit: [file.fd] };
      const tried = await runCommand(['sh', '-c', 'flock --nonblock 3 || echo taken'], options);
      if (tried !== '') {
        onWait();
        await runCommand(['flock', '3'], options);
      }
      return new FileLock(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The open file, for children that must keep the lock for as long as they live. */
  get descriptor(): number {
    return this.#file.fd;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
