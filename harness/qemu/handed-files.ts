// SPDX-License-Identifier: MIT
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { CleanupStack } from '../process/cleanup-stack.ts';

/** QEMU's first descriptor after standard error. */
const FIRST_FD = 3;

/**
 * Open files that QEMU inherits: it reaches what it is given, wherever that lies and whoever it runs as, and needs no
 * other path of the host. Disposing of it closes our descriptors, not QEMU's.
 */
export class HandedFiles implements AsyncDisposable {
  readonly #descriptors: number[] = [];
  readonly #options: string[] = [];
  readonly #cleanups = new CleanupStack();

  /** Our descriptors: the first becomes QEMU's 3, and so on. */
  get descriptors(): readonly number[] {
    return this.#descriptors;
  }

  /** The options that tell QEMU of the disk images. */
  get options(): readonly string[] {
    return this.#options;
  }

  /** Hands a file or a folder over to be opened again: a path for QEMU. The file must be readable by its user. */
  async path(path: string): Promise<string> {
    const fd = await this.#hand(path, constants.O_RDONLY);
    return fd === undefined ? path : `/proc/self/fd/${fd}`;
  }

  /** Hands a stream over, as it is. */
  async stream(path: string): Promise<string> {
    const fd = await this.#hand(path, constants.O_RDONLY);
    return fd === undefined ? path : `fd:${fd}`;
  }

  /** Hands a disk image over, with the rights that a disk of its kind needs. */
  async image(path: string, readonly: boolean): Promise<string> {
    const set = await this.#hand(path, constants.O_RDONLY);
    if (set === undefined) return path;
    // QEMU asks a set for a descriptor of just the rights that it wants, and begins by reading.
    const written = readonly ? undefined : await this.#hand(path, constants.O_RDWR);
    for (const fd of [set, written]) {
      if (fd !== undefined) this.#options.push('-add-fd', `fd=${fd},set=${set}`);
    }
    return `/dev/fdset/${set}`;
  }

  /** Opens a file for QEMU, and gives QEMU's descriptor. What cannot be opened stays a path: QEMU says why it cannot. */
  async #hand(path: string, flags: number): Promise<number | undefined> {
    const file = await open(path, flags).catch(() => undefined);
    if (file === undefined) return undefined;
    this.#cleanups.use(file);
    return FIRST_FD + this.#descriptors.push(file.fd) - 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanups[Symbol.asyncDispose]();
  }
}
