// SPDX-License-Identifier: MIT
import { chmod, copyFile, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HostError } from '../errors.ts';
import type { HandedFiles } from './handed-files.ts';
import type { QemuUser } from './qemu-user.ts';

/**
 * A folder in which QEMU finds its sockets and the files that it is to write. QEMU makes, renames and removes nothing
 * there, so that a name in it leads where we have put it.
 */
export class QemuFolder implements AsyncDisposable {
  readonly #path: string;
  readonly #seen: string;
  readonly #user: QemuUser | null;
  #files = 0;

  private constructor(path: string, seen: string, user: QemuUser | null) {
    this.#path = path;
    this.#seen = seen;
    this.#user = user;
  }

  /** Makes the folder in a private one, and hands it over. */
  static async make(
    parent: string,
    user: QemuUser | null,
    handed: HandedFiles,
  ): Promise<QemuFolder> {
    const path = join(parent, 'qemu');
    await mkdir(path);
    // QEMU's user comes in by the descriptor; nobody else comes past the parent.
    await chmod(path, 0o711);
    return new QemuFolder(path, await handed.path(path), user);
  }

  /** Where we find a name of the folder. */
  path(name: string): string {
    return join(this.#path, name);
  }

  /** Where QEMU finds it. */
  seen(name: string): string {
    return `${this.#seen}/${name}`;
  }

  /** Where we may put a file that has no name for QEMU. */
  newPath(): string {
    return this.path(this.#newName());
  }

  /**
   * Lets QEMU write a file, and puts it at `path`. Throws what `write` throws, `HostError` for a file that has not so many
   * bytes: QEMU's `qmp_pmemsave()` says nothing when the last ones do not reach a full disk.
   */
  async receive(
    path: string,
    write: (seen: string) => Promise<unknown>,
    bytes?: number,
  ): Promise<void> {
    const name = this.#newName();
    const own = this.path(name);
    try {
      await using file = await open(own, 'wx');
      if (this.#user) await file.chown(this.#user.uid, this.#user.uid);
      await write(this.seen(name));
      if (bytes !== undefined) requireWhole((await file.stat()).size, bytes);
      if (this.#user) await file.chown(process.getuid?.() ?? 0, process.getgid?.() ?? 0);
      await rename(own, path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EXDEV') throw error;
        return copyFile(own, path);
      });
    } finally {
      await rm(own, { force: true });
    }
  }

  #newName(): string {
    this.#files += 1;
    return `file-${this.#files}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#path, { recursive: true, force: true });
  }
}

function requireWhole(found: number, expected: number): void {
  if (found === expected) return;
  throw new HostError(
    `Cannot save guest memory: expected ${expected} bytes, found ${found}; is there no room on the disk?`,
  );
}
