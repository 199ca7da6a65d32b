// SPDX-License-Identifier: MIT
import type { Socket } from 'node:net';

/** The host's end of one of the machine's serial ports. It keeps no data. */
export class SerialPort {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve();
      });
    });
  }

  /** Calls `listener` with what the guest sends; the first listener misses nothing. */
  onBytes(listener: (bytes: Uint8Array) => void): void {
    this.#socket.on('data', listener);
  }

  /** Types text or bytes into the guest; does nothing once the machine has ended. */
  write(typed: string | Uint8Array): void {
    this.#socket.write(typed);
  }

  /** Once QEMU has ended: resolves when its last bytes were passed on. */
  drain(): Promise<void> {
    this.#socket.resume();
    return this.#closed;
  }
}
