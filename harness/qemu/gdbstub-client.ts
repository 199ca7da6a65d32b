// SPDX-License-Identifier: MIT
import type { Socket } from 'node:net';
import { InterruptedError, QmpError } from '../errors.ts';
import type { VirtAddr } from '../memory/pfn.ts';
import { withDeadline } from '../process/deadline.ts';
import { type GdbFrame, GdbPacketReader, encodePacket } from './gdb-packet.ts';
import { type StopReply, findInstructionPointer, findStopReply } from './gdb-reply.ts';

/** How long QEMU may take to answer, ms: on a host that is not overloaded it answers at once. */
const ANSWER_BUDGET_MS = 60_000;

/** How much of a wrong answer a message shows, in characters. */
const SHOWN = 40;

/** A byte outside of any packet: it stops the machine. */
const INTERRUPT = '\u0003';

/** Someone who waits for an answer, or for a stop. */
interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly fail: (why: string) => void;
}

/**
 * The debugger's end of QEMU's gdbstub (GDB manual, "Remote Serial Protocol"), one command at a
 * time. Every wait ends with `QmpError` if QEMU goes away or breaks the protocol, and with
 * `InterruptedError` if its signal fires; a wait for an answer can also end with `DeadlineError`.
 */
export class GdbstubClient {
  readonly #socket: Socket;
  readonly #reader = new GdbPacketReader();
  #acks = true;
  #forAnswer: (Waiting<string> & { readonly command: string }) | undefined;
  #forStop: Waiting<StopReply> | undefined;
  /** The last stop, if nobody has waited for it yet. */
  #stop: StopReply | undefined;
  #broken: string | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      for (const frame of this.#reader.feed(chunk)) this.#take(frame);
    });
    socket.once('close', () => {
      this.#break('QEMU closed the connection');
    });
  }

  /** Opens the protocol on a connection from QEMU, which has stopped the machine for it. */
  static async connect(socket: Socket, signal: AbortSignal): Promise<GdbstubClient> {
    const client = new GdbstubClient(socket);
    client.#acks = (await client.#ask('QStartNoAckMode', signal)) !== 'OK';
    // This makes QEMU forget earlier breakpoints.
    const state = await client.#ask('?', signal);
    if (!findStopReply(state)) throw refused('?', state, 'a stop reply');
    client.#stop = undefined;
    return client;
  }

  /** Stops the machine before the instruction at an address, whichever CPU reaches it. */
  async setHardwareBreakpoint(vaddr: VirtAddr, signal: AbortSignal): Promise<void> {
    await this.#order(`Z1,${vaddr.toString(16)},1`, signal);
  }

  /** Removes such a breakpoint. */
  async removeHardwareBreakpoint(vaddr: VirtAddr, signal: AbortSignal): Promise<void> {
    await this.#order(`z1,${vaddr.toString(16)},1`, signal);
  }

  /** RIP of the CPU that stopped. */
  async instructionPointer(signal: AbortSignal): Promise<VirtAddr> {
    const registers = await this.#ask('g', signal);
    const found = findInstructionPointer(registers);
    if (found === undefined) throw refused('g', registers, 'registers');
    return found;
  }

  /** Lets all CPUs run until `nextStop` resolves. Until then no command is possible. */
  continue(): void {
    this.#send(encodePacket('c'));
  }

  /** Stops a running machine; `nextStop` resolves once it has stopped. */
  interrupt(): void {
    this.#send(INTERRUPT);
  }

  /** Waits, without limit, until the machine has stopped for any reason. */
  async nextStop(signal: AbortSignal): Promise<StopReply> {
    const stop = this.#stop;
    this.#stop = undefined;
    if (stop) return stop;
    let onAbort = (): void => {};
    try {
      return await new Promise((resolve, reject) => {
        const fail = (why: string): void => {
          reject(new QmpError(`Cannot see the machine stop: ${why}`));
        };
        onAbort = () => {
          reject(interrupted(signal));
        };
        if (this.#broken !== undefined) fail(this.#broken);
        if (signal.aborted) onAbort();
        signal.addEventListener('abort', onAbort, { once: true });
        this.#forStop = { resolve, fail };
      });
    } finally {
      this.#forStop = undefined;
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Ends debugging: the machine, which must have stopped, runs again. Only `close` may follow. */
  async detach(signal: AbortSignal): Promise<void> {
    await this.#order('D', signal);
  }

  /** Closes the connection, which does not change the machine. */
  close(): void {
    this.#break('the connection is closed');
  }

  async #order(command: string, signal: AbortSignal): Promise<void> {
    const answer = await this.#ask(command, signal);
    if (answer !== 'OK') throw refused(command, answer, 'OK');
  }

  async #ask(command: string, signal: AbortSignal): Promise<string> {
    const limits = { budgetMs: ANSWER_BUDGET_MS, signal };
    try {
      return await withDeadline(`QEMU's answer to gdbstub "${command}"`, limits, () => {
        return new Promise((resolve, reject) => {
          const fail = (why: string): void => {
            reject(cannotExecute(command, why));
          };
          if (this.#broken !== undefined) fail(this.#broken);
          this.#forAnswer = { command, resolve, fail };
          this.#send(encodePacket(command));
        });
      });
    } finally {
      // An answer that comes too late has no taker, and breaks the connection.
      this.#forAnswer = undefined;
    }
  }

  #send(text: string): void {
    if (this.#broken === undefined) this.#socket.write(text, 'latin1');
  }

  #take(frame: GdbFrame): void {
    switch (frame.kind) {
      case 'ack':
        return;
      case 'error':
        this.#break(frame.why);
        return;
      case 'packet':
        // QEMU stops a running machine at any byte except the one ack that it waits for.
        if (this.#acks) this.#send('+');
        this.#dispatch(frame.payload);
    }
  }

  #dispatch(payload: string): void {
    // The exit of QEMU shows when the connection ends.
    if (/^[WX]/.test(payload)) return;
    const stop = findStopReply(payload);
    if (stop && this.#forAnswer?.command !== '?') {
      if (this.#forStop) this.#forStop.resolve(stop);
      else this.#stop = stop;
    } else if (this.#forAnswer) {
      this.#forAnswer.resolve(payload);
    } else {
      this.#break(`an answer that nobody waits for, ${shown(payload)}`);
    }
  }

  #break(why: string): void {
    this.#broken ??= why;
    this.#socket.destroy();
    this.#forAnswer?.fail(this.#broken);
    this.#forStop?.fail(this.#broken);
  }
}

function interrupted(signal: AbortSignal): InterruptedError {
  return new InterruptedError('Interrupted while waiting for the machine to stop', {
    cause: signal.reason,
  });
}

function refused(command: string, answer: string, expected: string): QmpError {
  return cannotExecute(command, `expected ${expected}, found ${shown(answer)}`);
}

function cannotExecute(command: string, why: string): QmpError {
  return new QmpError(`Cannot execute gdbstub "${command}": ${why}`);
}

function shown(answer: string): string {
  return JSON.stringify(answer.slice(0, SHOWN));
}
