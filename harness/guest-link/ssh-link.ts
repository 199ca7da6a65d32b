// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { constants } from 'node:os';
import { pipeline } from 'node:stream/promises';
import ssh2, { type Client, type ClientChannel, type SFTPWrapper, type Stats } from 'ssh2';
import { called } from '../process/called.ts';
import { GuestLinkError, InterruptedError, Sub1mError, fromSystemError } from '../errors.ts';
import { printableText } from '../memory/printable-text.ts';
import { type Session, unread } from './session.ts';
import type { SshKeys } from './ssh-keys.ts';

/** Between two keepalives, ms; a guest that misses three in a row is gone. */
const KEEPALIVE_MS = 5000;

interface SshOptions {
  /** A port of the loopback address. */
  readonly port: number;
  readonly keys: Pick<SshKeys, 'hostName' | 'clientKey'>;
  /** Whether the guest may be silent for any length of time, because a debugger stops it. */
  readonly patient: boolean;
}

/**
 * A connection to the SSH server of the guest with this host key. Its methods throw
 * `GuestLinkError` once it is lost.
 */
export class SshLink implements AsyncDisposable {
  readonly #client: Client;
  readonly #lost: Promise<never>;
  #sftp: Promise<SFTPWrapper> | undefined;

  private constructor() {
    this.#client = new ssh2.Client();
    let why = 'the guest closed it';
    this.#client.on('error', (error) => {
      why = printableText(error.message);
      this.#client.destroy();
    });
    this.#lost = new Promise((_resolve, reject) => {
      this.#client.once('close', () => {
        reject(new GuestLinkError(`The connection to the guest is lost: ${why}`));
      });
    });
    this.#lost.catch(() => {});
  }

  /** Connects as root. The caller bounds the wait. */
  static async connect({ port, keys, patient }: SshOptions, signal: AbortSignal): Promise<SshLink> {
    const link = new SshLink();
    const ready = new Promise<void>((resolve) => link.#client.once('ready', resolve));
    link.#client.connect({
      host: '127.0.0.1',
      port,
      username: 'root',
      privateKey: keys.clientKey,
      algorithms: { serverHostKey: ['ssh-ed25519'] },
      hostVerifier: (name: Buffer) => name.equals(keys.hostName),
      readyTimeout: 0,
      keepaliveInterval: patient ? 0 : KEEPALIVE_MS,
    });
    await link.#whileThere('Cannot connect to the guest', ready, signal);
    return link;
  }

  /** Runs a session to its end and returns its exit status, 128 plus the number of the signal if one killed it. */
  async run(session: Session, signal: AbortSignal): Promise<number> {
    const { terminal, stdin, stdout, stderr } = session;
    const channel = await this.#open(session, signal);
    const resize = (): void => {
      if (terminal) channel.setWindow(terminal.screen.rows, terminal.screen.columns, 0, 0);
    };
    terminal?.screen.on('resize', resize);
    const ended = exitStatus(channel);
    channel.pipe(stdout, { end: false });
    channel.stderr.pipe(stderr, { end: false });
    stdin.pipe(channel);
    try {
      const either = Promise.race([ended, unread(session)]);
      return await this.#whileThere('Cannot go on with the session', either, signal);
    } finally {
      terminal?.screen.off('resize', resize);
      stdin.unpipe(channel);
      stdin.pause();
    }
  }

  /** Copies a file of the host into the guest, with its mode. */
  async put(local: string, remote: string, signal: AbortSignal): Promise<void> {
    const copy = async (): Promise<void> => {
      const { mode } = await stat(local);
      const sftp = await this.#openSftp();
      await called<void>((done) => {
        sftp.fastPut(local, remote, { mode }, done);
      });
    };
    await this.#whileThere(`Cannot put ${local} at ${remote} in the guest`, copy(), signal);
  }

  /** Copies a file of the guest to the host; if that fails, it leaves no file. */
  async get(remote: string, local: string, signal: AbortSignal): Promise<void> {
    const copy = async (): Promise<void> => {
      const sftp = await this.#openSftp();
      // First, so that a missing file overwrites nothing.
      const { size } = await called<Stats>((done) => {
        sftp.stat(remote, done);
      });
      const getting =
        size > 0
          ? called<void>((done) => {
              sftp.fastGet(remote, local, done);
            })
          : // Files in /proc do not say how long they are.
            pipeline(sftp.createReadStream(remote), createWriteStream(local));
      await getting.catch(async (error: unknown) => {
        await rm(local, { force: true });
        throw error;
      });
    };
    await this.#whileThere(`Cannot get ${remote} of the guest`, copy(), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.destroy();
    await this.#lost.catch(() => {});
  }

  #open({ command, terminal }: Session, signal: AbortSignal): Promise<ClientChannel> {
    const pty = terminal && {
      term: terminal.term,
      rows: terminal.screen.rows,
      cols: terminal.screen.columns,
    };
    const opening = called<ClientChannel>((done) => {
      if (command === undefined) this.#client.shell(pty ?? false, done);
      else this.#client.exec(command, pty ? { pty } : {}, done);
    });
    return this.#whileThere('Cannot open a session in the guest', opening, signal);
  }

  /** Stays open: dropbear 2022.83 closes the next channel as well if its client closes one with a process. */
  #openSftp(): Promise<SFTPWrapper> {
    this.#sftp ??= called((done) => {
      this.#client.sftp(done);
    });
    return this.#sftp;
  }

  /** `work`, or the error of a lost connection. An interrupt closes the connection. */
  async #whileThere<T>(what: string, work: Promise<T>, signal: AbortSignal): Promise<T> {
    const end = (): void => {
      this.#client.destroy();
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    try {
      return await Promise.race([work, this.#lost]);
    } catch (error) {
      if (!signal.aborted) throw guestError(what, error);
      throw new InterruptedError('Interrupted in a session', { cause: signal.reason });
    } finally {
      signal.removeEventListener('abort', end);
    }
  }
}

function exitStatus(channel: ClientChannel): Promise<number> {
  return new Promise((resolve, reject) => {
    channel.once('close', (code?: number | null, name?: NodeJS.Signals) => {
      if (typeof code === 'number') resolve(code);
      else if (name !== undefined) resolve(128 + (constants.signals[name] ?? 0));
      else reject(new GuestLinkError('The guest did not say how the session ended'));
    });
  });
}

/** Our own errors unchanged; anything else is made printable, for it may be the guest's words. */
function guestError(what: string, error: unknown): Error {
  const known = fromSystemError(error, what);
  if (known instanceof Sub1mError) return known;
  return new GuestLinkError(`${what}: ${printableText(String(error))}`, { cause: error });
}
