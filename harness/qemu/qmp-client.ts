// SPDX-License-Identifier: MIT
import type { Socket } from 'node:net';
import { QmpError } from '../errors.ts';
import { withDeadline } from '../process/deadline.ts';
import { LineSplitter } from './line-splitter.ts';
import { type QmpArguments, type QmpCommand, QMP_RETURNS, type QmpReturn } from './qmp-commands.ts';
import { type QmpEvent, parseQmpMessage } from './qmp-message.ts';

/** How long QEMU may take to answer, ms: it may be saving gigabytes of memory to a slow disk. */
const ANSWER_BUDGET_MS = 60_000;

/** Someone who waits for the answer to a command. */
interface Waiting {
  readonly command: QmpCommand;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: QmpError) => void;
}

export interface QmpOptions {
  /** Ends every wait for an answer. */
  readonly signal: AbortSignal;
  /** Called with every QMP line, both ways. */
  readonly onQmp?: ((line: string) => void) | undefined;
}

/** A QMP connection: commands with typed answers, and events. */
export class QmpClient {
  readonly #socket: Socket;
  readonly #options: QmpOptions;
  readonly #lines = new LineSplitter();
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners: ((event: QmpEvent) => void)[] = [];
  #lastId = 0;
  #broken: string | undefined;
  /** Resolves once the connection has ended and everything that came over it was passed on. */
  readonly closed: Promise<void>;

  private constructor(socket: Socket, options: QmpOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('data', (chunk) => {
      this.#receive(chunk);
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#break('QEMU closed the connection');
        resolve();
      });
    });
  }

  /** Opens QMP on a connection from QEMU. Throws `QmpError` if the other end does not speak QMP. */
  static async connect(socket: Socket, options: QmpOptions): Promise<QmpClient> {
    const client = new QmpClient(socket, options);
    // QEMU reads nothing before its greeting, so there is no need to wait for that.
    await client.execute('qmp_capabilities', {});
    return client;
  }

  /** Calls `listener` with every event from now on. */
  onEvent(listener: (event: QmpEvent) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Makes QEMU execute `command`. Throws `QmpError` if QEMU refuses or goes away, `DeadlineError` if it
   * does not answer, `InterruptedError` if the signal fires; the command is sent even then.
   */
  async execute<C extends QmpCommand>(command: C, args: QmpArguments[C]): Promise<QmpReturn<C>> {
    const { signal } = this.#options;
    const value = await withDeadline(
      `QEMU's answer to QMP "${command}"`,
      { budgetMs: ANSWER_BUDGET_MS, signal },
      () => this.#ask(command, args),
    );
    const { success, data, error } = QMP_RETURNS[command].safeParse(value);
    if (success) return data as QmpReturn<C>;
    throw new QmpError(`Cannot read QEMU's answer to QMP "${command}": ${error.message}`);
  }

  #ask(command: QmpCommand, args: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== undefined) {
        reject(cannotExecute(command, this.#broken));
        return;
      }
      this.#lastId += 1;
      const id = this.#lastId;
      this.#waiting.set(id, { command, resolve, reject });
      const line = JSON.stringify({ execute: command, arguments: args, id });
      this.#options.onQmp?.(line);
      this.#socket.write(`${line}\n`);
    });
  }

  #receive(chunk: Uint8Array): void {
    try {
      for (const line of this.#lines.split(chunk)) {
        this.#options.onQmp?.(line);
        this.#dispatch(line);
      }
    } catch (error) {
      if (!(error instanceof QmpError)) throw error;
      this.#break(error.message);
    }
  }

  #dispatch(line: string): void {
    const message = parseQmpMessage(line);
    switch (message.kind) {
      case 'greeting':
        return;
      case 'event':
        for (const listener of this.#listeners) listener(message.event);
        return;
      case 'return':
        this.#answered(message.id).resolve(message.value);
        return;
      case 'error': {
        const { command, reject } = this.#answered(message.id);
        reject(cannotExecute(command, message.desc));
      }
    }
  }

  #answered(id: number): Waiting {
    const waiting = this.#waiting.get(id);
    if (!waiting)
      throw new QmpError(`Cannot read QMP: an answer to id ${id}, which was never sent`);
    this.#waiting.delete(id);
    return waiting;
  }

  #break(why: string): void {
    this.#broken ??= why;
    this.#socket.destroy();
    for (const { command, reject } of this.#waiting.values()) {
      reject(cannotExecute(command, this.#broken));
    }
    this.#waiting.clear();
  }
}

function cannotExecute(command: QmpCommand, why: string): QmpError {
  return new QmpError(`Cannot execute QMP "${command}": ${why}`);
}
