// SPDX-License-Identifier: MIT
import type { CellSpec } from '../bundle/cell-record.ts';
import type { EvidenceFile } from '../bundle/evidence.ts';
import { runInThread, threadModule } from '../process/run-in-thread.ts';
import type { MachineRam } from '../qemu/machine-ram.ts';
import type { Machine } from '../qemu/machine.ts';
import { writeEvidence } from './write-evidence.ts';

/** What hashes memory, in a thread. */
export const HASH_PAGES = threadModule('cell/hash-pages');

/** Whether a cell's vmcore is compared with memory at the kexec jump. */
export function knowsTruth({ truth, crashkernel, trigger }: CellSpec): boolean {
  return truth === 'jump' && crashkernel !== null && trigger !== 'none';
}

/**
 * The RAM of a cell's machine: what it held at the kexec jump, and what it holds in the end,
 * as the CRC-32 of each page (`pageCrc()`), gzipped, in the bundle.
 */
export class GuestRam implements AsyncDisposable {
  readonly #ram: MachineRam;
  readonly #bundle: string;
  readonly #signal: AbortSignal;
  #jump: Promise<void> | undefined;
  #end: Promise<void> | undefined;

  private constructor(ram: MachineRam, bundle: string, signal: AbortSignal) {
    this.#ram = ram;
    this.#bundle = bundle;
    this.#signal = signal;
  }

  /** Has the machine's memory hashed at its end, too, into `capture/page-crcs.gz`. */
  static async of(
    machine: Machine,
    { bundle, signal }: { readonly bundle: string; readonly signal: AbortSignal },
  ): Promise<GuestRam> {
    const guest = new GuestRam(await machine.openRam(), bundle, signal);
    machine.beforeEnd(() => {
      // A machine that never got to the jump has nothing to be compared with.
      guest.#end = guest.#jump ? guest.#hash('capture/page-crcs.gz') : Promise.resolve();
      return guest.#end;
    });
    return guest;
  }

  /** Hashes memory when the capture kernel has been loaded, into `load/page-crcs.gz`: from then on nobody may write to it. */
  saveLoaded(): Promise<void> {
    return this.#hash('load/page-crcs.gz');
  }

  /** Hashes the memory of a machine that is held, into `jump/page-crcs.gz`. */
  saveJump(): Promise<void> {
    this.#jump = this.#hash('jump/page-crcs.gz');
    return this.#jump;
  }

  /** Waits until the memory of a machine that has ended is saved. */
  async saved(): Promise<void> {
    await this.#end;
  }

  async #hash(file: EvidenceFile): Promise<void> {
    const call = {
      module: HASH_PAGES,
      name: 'hashRam',
      argument: this.#ram.place,
    };
    const crcs = await runInThread<Uint8Array>(call, this.#signal);
    await writeEvidence(this.#bundle, file, crcs);
  }

  /** Waits for what still reads. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([this.#jump, this.#end]);
    await this.#ram[Symbol.asyncDispose]();
  }
}
