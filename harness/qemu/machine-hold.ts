// SPDX-License-Identifier: MIT
import { QmpError } from '../errors.ts';
import { type VirtAddr, hex } from '../memory/pfn.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import { withDeadline } from '../process/deadline.ts';
import { GDB_SIGNAL_TRAP } from './gdb-reply.ts';
import { GdbstubClient } from './gdbstub-client.ts';
import { listenOnce } from './host-socket.ts';
import { type MachineEnd, endBehindBreak } from './machine-end.ts';
import { quoteOptarg } from './qemu-args.ts';
import type { QmpClient } from './qmp-client.ts';
import type { RunningQemu } from './start-qemu.ts';

/** How long QEMU may take to connect, ms: it does so before it answers on QMP. */
const CONNECT_BUDGET_MS = 10_000;

/** What became of a machine that was to stop at an address. */
export type HoldEnd =
  /** It stopped there with all CPUs. `cpu` is the one that got there, undefined if QEMU does not say. */
  | { readonly kind: 'held'; readonly cpu: number | undefined }
  /** It ended without getting there. */
  | { readonly kind: 'machine-ended'; readonly end: MachineEnd };

/** The machine to hold; `signal` bounds the waits for QEMU's answers until the breakpoint is set. */
export interface HoldOptions {
  readonly qemu: Pick<RunningQemu, 'qmp' | 'ended' | 'folder'>;
  readonly signal: AbortSignal;
}

/**
 * A place where the machine stops, by a hardware breakpoint: the kernel cannot see it, and both KVM
 * and TCG have it. Until `release` the machine stands still, and can be inspected and ended.
 */
export class MachineHold implements AsyncDisposable {
  readonly #vaddr: VirtAddr;
  readonly #qemu: HoldOptions['qemu'];
  readonly #gdb: GdbstubClient;
  readonly #cleanups: CleanupStack;
  #isHeld = false;

  private constructor(
    vaddr: VirtAddr,
    qemu: HoldOptions['qemu'],
    { gdb, cleanups }: { readonly gdb: GdbstubClient; readonly cleanups: CleanupStack },
  ) {
    this.#vaddr = vaddr;
    this.#qemu = qemu;
    this.#gdb = gdb;
    this.#cleanups = cleanups;
  }

  /** See `Machine.holdAt`. */
  static async set(vaddr: VirtAddr, { qemu, signal }: HoldOptions): Promise<MachineHold> {
    await using starting = new CleanupStack();
    const host = starting.use(await listenOnce(qemu.folder.path('gdb.sock')));
    await attachStub(qemu.qmp, qemu.folder.seen('gdb.sock'));
    const limits = { budgetMs: CONNECT_BUDGET_MS, signal };
    const socket = await withDeadline("QEMU's gdbstub to connect", limits, () => host.connected);
    // QEMU stops the machine for a debugger that connects.
    const gdb = await GdbstubClient.connect(socket, signal);
    starting.defer(() => {
      gdb.close();
    });
    await gdb.setHardwareBreakpoint(vaddr, signal);
    gdb.continue();
    return new MachineHold(vaddr, qemu, { gdb, cleanups: starting.move() });
  }

  /**
   * Waits, without limit, until the machine has stopped here or has ended. Throws `QmpError` if it
   * stopped elsewhere, `InterruptedError` if the signal fires.
   */
  async stopped(signal: AbortSignal): Promise<HoldEnd> {
    const end = await this.#breakpointOrEnd(signal);
    if (end.kind === 'machine-ended') return end;
    this.#isHeld = true;
    const found = await this.#gdb.instructionPointer(signal);
    if (found === this.#vaddr) return end;
    throw new QmpError(
      `Cannot hold the machine at ${hex(this.#vaddr)}: it stopped at ${hex(found)}`,
    );
  }

  /** Lets the machine run on as if it had never been held, whether or not it has got here yet. */
  async release(signal: AbortSignal): Promise<void> {
    if (!this.#isHeld) {
      this.#gdb.interrupt();
      await this.#gdb.nextStop(signal);
    }
    await this.#gdb.removeHardwareBreakpoint(this.#vaddr, signal);
    await this.#gdb.detach(signal);
    try {
      // QEMU keeps the stub of a debugger that is gone, and would refuse the next one.
      await monitorCommand(this.#qemu.qmp, 'gdbserver none', 'Disabled gdbserver');
    } catch (error) {
      // A machine that was held at its very end has ended by now.
      await this.#endBehind(error);
    }
    await this[Symbol.asyncDispose]();
  }

  /** Closes the connection; see `release`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanups[Symbol.asyncDispose]();
  }

  async #breakpointOrEnd(signal: AbortSignal): Promise<HoldEnd> {
    try {
      for (;;) {
        // QMP `stop` and a failing disk also show up here; whoever stopped the machine deals with it.
        const stop = await this.#gdb.nextStop(signal);
        if (stop.signal === GDB_SIGNAL_TRAP) return { kind: 'held', cpu: stop.cpu };
      }
    } catch (error) {
      return { kind: 'machine-ended', end: await this.#endBehind(error) };
    }
  }

  /** How QEMU ended, if that caused the error; otherwise throws the error. */
  async #endBehind(error: unknown): Promise<MachineEnd> {
    if (!(error instanceof QmpError)) throw error;
    const end = await endBehindBreak(this.#qemu.ended);
    if (!end) throw error;
    return end;
  }
}

/** Makes QEMU start a gdbstub, which connects to the socket at `path`. */
async function attachStub(qmp: QmpClient, path: string): Promise<void> {
  const device = `unix:${quoteOptarg(path)}`.replaceAll(/[\\"]/g, String.raw`\$&`);
  await monitorCommand(qmp, `gdbserver "${device}"`, 'Waiting for gdb connection');
}

/** Runs a command that only QEMU's human monitor has; `success` is how its answer begins. */
async function monitorCommand(qmp: QmpClient, command: string, success: string): Promise<void> {
  const answer = await qmp.execute('human-monitor-command', { 'command-line': command });
  if (answer.startsWith(success)) return;
  throw new QmpError(`Cannot execute "${command}" in QEMU's monitor: ${answer.trim()}`);
}
