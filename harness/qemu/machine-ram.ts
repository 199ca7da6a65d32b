// SPDX-License-Identifier: MIT
import { type FileHandle, open } from 'node:fs/promises';
import { HostError, QmpError } from '../errors.ts';
import { SZ_1M } from '../memory/pfn.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import type { QmpClient } from './qmp-client.ts';

/** Where a machine's RAM lies in QEMU's own memory. Can be sent to a thread of this process. */
export interface RamPlace {
  /** Descriptor of `/proc/<pid>/mem`. */
  readonly mem: number;
  /** Descriptor of `/proc/<pid>/pagemap`. */
  readonly pagemap: number;
  /** The virtual address, in QEMU, of the first byte of RAM. */
  readonly start: number;
  /** In bytes. */
  readonly size: number;
}

/** The RAM of a machine, to be read in place while the machine stands still; see `ramLayout`. */
export class MachineRam implements AsyncDisposable {
  readonly place: RamPlace;
  readonly #cleanups: CleanupStack;

  private constructor(place: RamPlace, cleanups: CleanupStack) {
    this.place = place;
    this.#cleanups = cleanups;
  }

  /** See `Machine.openRam`. */
  static async open(
    { pid, qmp }: { readonly pid: number; readonly qmp: QmpClient },
    memoryMiB: number,
  ): Promise<MachineRam> {
    const answer = await qmp.execute('human-monitor-command', {
      // Page 0 may be something other than RAM; at 1 MiB a q35 has RAM.
      'command-line': `gpa2hva 0x${SZ_1M.toString(16)}`,
    });
    const address = /\(pc\.ram\) is 0x([0-9a-f]{1,13})\b/.exec(answer)?.[1];
    if (address === undefined) {
      throw new QmpError(
        `Cannot find the machine's RAM: expected an answer to gpa2hva, found ${JSON.stringify(answer)}`,
      );
    }
    await using opening = new CleanupStack();
    const mem = opening.use(await openOf(pid, 'mem'));
    const pagemap = opening.use(await openOf(pid, 'pagemap'));
    const place = {
      mem: mem.fd,
      pagemap: pagemap.fd,
      start: Number.parseInt(address, 16) - SZ_1M,
      size: memoryMiB * SZ_1M,
    };
    return new MachineRam(place, opening.move());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#cleanups[Symbol.asyncDispose]();
  }
}

/** Linux lets a process read its children's memory (ptrace(2), "Ptrace access mode checking"), unless forbidden. */
async function openOf(pid: number, name: string): Promise<FileHandle> {
  const path = `/proc/${pid}/${name}`;
  try {
    return await open(path);
  } catch (error) {
    throw new HostError(
      `Cannot read the machine's memory: ${String(error)}; ` +
        'see kernel.yama.ptrace_scope, or give --truth none',
      { cause: error },
    );
  }
}
