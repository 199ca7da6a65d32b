// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../process/owned-process.ts';
import { runInThread } from '../process/run-in-thread.ts';
import { makeMemoryDir } from '../process/temp-dir.ts';
import type { CellSpec } from '../bundle/cell-record.ts';
import type { CleanupStack } from '../process/cleanup-stack.ts';

const MIB = 1024 * 1024;

/** A cell that is to be compared with its memory at the kexec jump. */
export function knowsTruth({ truth, crashkernel, trigger }: CellSpec): boolean {
  return truth === 'jump' && crashkernel !== null && trigger !== 'none';
}

/**
 * The RAM of a cell's machine, as a file in memory: what it held at the kexec jump, and what it holds in the end, as the
 * CRC-32 of each page (`pageCrcs()`), gzipped, in the bundle.
 */
export class GuestRam implements AsyncDisposable {
  readonly path: string;
  readonly #copy: string;
  readonly #bundle: string;
  readonly #signal: AbortSignal;
  #hashing: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, bundle: string, signal: AbortSignal) {
    this.path = join(folder, 'ram');
    this.#copy = join(folder, 'jump');
    this.#bundle = bundle;
    this.#signal = signal;
  }

  /** Makes the folder that the file will be in; `cleanups` removes it. */
  static async make(
    { memoryMiB }: CellSpec,
    { bundle, signal }: { readonly bundle: string; readonly signal: AbortSignal },
    cleanups: CleanupStack,
  ): Promise<GuestRam> {
    // The machine's own, and a copy of it.
    const folder = cleanups.use(await makeMemoryDir(2 * memoryMiB * MIB));
    return cleanups.use(new GuestRam(folder.path, bundle, signal));
  }

  /** Takes a copy of a machine that is held, and has it hashed meanwhile, into `jump/page-crcs.gz`. */
  async saveJump(): Promise<void> {
    // Of what the guest has never written there is nothing in the file: cp leaves it out.
    await runCommand(['cp', '--sparse=auto', this.path, this.#copy], { signal: this.#signal });
    this.#hashing = this.#hash(this.#copy, 'jump');
    // Who waits for the hashes sees why there are none.
    this.#hashing.catch(() => {});
  }

  /** Hashes the memory of a machine that has ended, into `capture/page-crcs.gz`. */
  async saveEnd(): Promise<void> {
    await this.#hashing;
    await this.#hash(this.path, 'capture');
  }

  async #hash(path: string, folder: string): Promise<void> {
    await mkdir(join(this.#bundle, folder), { recursive: true });
    const call = {
      module: new URL('hash-pages.ts', import.meta.url).href,
      name: 'hashPages',
      argument: path,
    };
    const crcs = await runInThread<Uint8Array>(call, this.#signal);
    await writeFile(join(this.#bundle, folder, 'page-crcs.gz'), crcs);
  }

  /** Waits for what still reads the files. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hashing.catch(() => {});
  }
}
