// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type HostError, QmpError } from '../errors.ts';
import { PAGE_SIZE, type PhysAddr, type VirtAddr, hex, physAddr } from '../memory/pfn.ts';
import { type PhysRange, physRange, rangeSize } from '../memory/phys-range.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import { type HostSocket, listenOnce } from './host-socket.ts';
import type { MachineConfig } from './machine-config.ts';
import type { MachineEnd } from './machine-end.ts';
import { MachineHold } from './machine-hold.ts';
import { MachineRam } from './machine-ram.ts';
import type { QmpClient, QmpOptions } from './qmp-client.ts';
import type { SerialPort } from './serial-port.ts';
import { type RunningQemu, startQemu } from './start-qemu.ts';

export type { MachineEnd };

/** From QMP `quit` to QEMU's end; then comes SIGTERM, ms. */
const QUIT_BUDGET_MS = 2_000;

/** Between two polls for the end of saving a state, ms: that takes a few tenths of a second. */
const SAVING_POLL_MS = 20;

/** A machine. It ends with this object, and with this program, even if that is killed. */
export class Machine implements AsyncDisposable {
  readonly #qemu: RunningQemu;
  readonly #config: MachineConfig;
  readonly #cleanups: CleanupStack;
  #disposal: Promise<void> | undefined;
  #reads = 0;

  private constructor(qemu: RunningQemu, config: MachineConfig, cleanups: CleanupStack) {
    this.#qemu = qemu;
    this.#config = config;
    this.#cleanups = cleanups;
  }

  /**
   * Starts QEMU and lets the machine run. Throws `ProcessError` with QEMU's standard error if QEMU
   * ends instead, `DeadlineError` if it does not answer, `InterruptedError` if the signal fires.
   * The signal also ends every later wait for QMP.
   */
  static async start(config: MachineConfig, options: QmpOptions): Promise<Machine> {
    await using starting = new CleanupStack();
    const qemu = await startQemu(config, options, starting);
    return new Machine(qemu, config, starting.move());
  }

  get qmp(): QmpClient {
    return this.#qemu.qmp;
  }

  /** ttyS0: evidence. */
  get console(): SerialPort {
    return this.#qemu.console;
  }

  /** ttyS1: the channel of guest/PROTOCOL.md. */
  get agent(): SerialPort {
    return this.#qemu.agent;
  }

  /** What the personality driver reports; undefined on a machine without a personality. */
  get personality(): SerialPort | undefined {
    return this.#qemu.personality;
  }

  /** QEMU's process. */
  get pid(): number {
    return this.#qemu.pid;
  }

  /** Resolves once QEMU has ended and its last bytes were passed on; never rejects. */
  get ended(): Promise<MachineEnd> {
    return this.#qemu.ended;
  }

  /** Runs `work` after the guest has ended the machine and before QEMU exits, with memory as the guest left it; of several, one after the other. */
  beforeEnd(work: () => Promise<void>): void {
    this.#qemu.lastWork.push(work);
  }

  /** See `watchHostFailure`. */
  get hostFailure(): Promise<HostError> {
    return this.#qemu.hostFailure;
  }

  /** Stops all CPUs. */
  async pause(): Promise<void> {
    await this.qmp.execute('stop', {});
  }

  /** Lets the CPUs run again. */
  async resume(): Promise<void> {
    await this.qmp.execute('cont', {});
  }

  /** Throws `QmpError` if QEMU does not say where its RAM is, `HostError` if Linux does not allow reading it. */
  openRam(): Promise<MachineRam> {
    return MachineRam.open(this.#qemu, this.#config.memoryMiB);
  }

  /**
   * Saves guest physical memory to a file; unmapped parts are whatever a read there returns. Throws `HostError` for less
   * than was asked.
   */
  async savePhys(range: PhysRange, path: string): Promise<void> {
    const size = rangeSize(range);
    await this.#qemu.folder.receive(
      path,
      (filename) => this.qmp.execute('pmemsave', { val: range.start, size, filename }),
      size,
    );
  }

  /**
   * The beginning of an ELF core of a machine that stands still: registers, VMCOREINFO if the kernel provides it, and the
   * first page of memory.
   */
  coreHead(): Promise<Uint8Array> {
    return this.#receive('core', async (path) => {
      const args = { paging: false, begin: 0, length: PAGE_SIZE };
      await this.#qemu.folder.receive(path, (seen) =>
        this.qmp.execute('dump-guest-memory', { ...args, protocol: `file:${seen}` }),
      );
    });
  }

  /** Reads `length` bytes of guest physical memory; see `savePhys`. */
  readPhys(start: PhysAddr, length: number): Promise<Uint8Array> {
    return this.#receive('phys', (path) => this.savePhys(physRange(start, start + length), path));
  }

  /** Has a file written, and gives what is in it. */
  async #receive(name: string, write: (path: string) => Promise<void>): Promise<Uint8Array> {
    this.#reads += 1;
    const path = join(this.#config.folder, `${name}-${this.#reads}.bin`);
    try {
      await write(path);
      return await readFile(path);
    } finally {
      await rm(path, { force: true });
    }
  }

  /**
   * Stops the machine and saves its state, for `MachineConfig.incoming` of machines with the same devices. Throws
   * `QmpError` if QEMU cannot.
   */
  async saveState(path: string): Promise<void> {
    await this.pause();
    const { folder } = this.#qemu;
    await using socket = await listenOnce(folder.path('state.sock'));
    await Promise.all([saveTo(socket, path), this.#migrate(`unix:${folder.seen('state.sock')}`)]);
  }

  async #migrate(uri: string): Promise<void> {
    await this.qmp.execute('migrate', { uri });
    let status = 'setup';
    while (['setup', 'active', 'device'].includes(status)) {
      await delay(SAVING_POLL_MS);
      ({ status } = await this.qmp.execute('query-migrate', {}));
    }
    if (status !== 'completed') throw new QmpError(`Cannot save the machine: QEMU says ${status}`);
  }

  /** The registers of every CPU, as QEMU's monitor prints them. */
  registers(): Promise<string> {
    return this.qmp.execute('human-monitor-command', { 'command-line': 'info registers -a' });
  }

  /** The physical address of a virtual one, as a CPU maps it now; undefined if it is not mapped. */
  async physOf(vaddr: VirtAddr, cpu: number): Promise<PhysAddr | undefined> {
    const answer = await this.qmp.execute('human-monitor-command', {
      'command-line': `gva2gpa ${hex(vaddr)}`,
      'cpu-index': cpu,
    });
    const address = /^gpa: 0x([0-9a-f]{1,13})\b/.exec(answer)?.[1];
    return address === undefined ? undefined : physAddr(Number.parseInt(address, 16));
  }

  /**
   * Makes the machine stop, with all its CPUs, when one reaches `vaddr`; until then it runs. It must be
   * running, and not be held by another hold. Throws `QmpError` if QEMU cannot.
   */
  holdAt(vaddr: VirtAddr, signal: AbortSignal): Promise<MachineHold> {
    return MachineHold.set(vaddr, { qemu: this.#qemu, signal });
  }

  /** The port of 127.0.0.1 that leads to the guest's port: see `MachineConfig.network`. */
  async forwardedPort(): Promise<number> {
    const answer = await this.qmp.execute('human-monitor-command', {
      'command-line': 'info usernet',
    });
    const port = /TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)/.exec(answer)?.[1];
    if (port !== undefined) return Number(port);
    throw new QmpError(`Cannot find the forwarded port: QEMU says ${JSON.stringify(answer)}`);
  }

  /** Sends a BREAK on the console, which makes the next character a sysrq. */
  async sendBreak(): Promise<void> {
    await this.qmp.execute('chardev-send-break', { id: 'console' });
  }

  /** Ends QEMU: QMP `quit`, SIGTERM, SIGKILL. Resolves once it is reaped. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    const { process, qmp, ended } = this.#qemu;
    // QEMU answers by ending. The command is sent even if the signal has fired.
    qmp.execute('quit', {}).catch(() => {});
    await Promise.race([process.ended, delay(QUIT_BUDGET_MS, undefined, { ref: false })]);
    await process.stop();
    // The last bytes are passed on before the sockets go.
    await ended;
    await this.#cleanups[Symbol.asyncDispose]();
  }
}

async function saveTo(socket: HostSocket, path: string): Promise<void> {
  await pipeline(await socket.connected, createWriteStream(path));
}
