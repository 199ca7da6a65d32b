// SPDX-License-Identifier: MIT
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { constants } from 'node:os';
import { pipeline } from 'node:stream/promises';
import ssh2, { type Client, type ClientChannel, type SFTPWrapper } from 'ssh2';
import { GuestLinkError, InterruptedError, Sub1mError, fromSystemError } from '../errors.ts';
import { printableText } from '../memory/printable-text.ts';
import { type Session, unread } from './session.ts';
import type { SshKeys } from './ssh-keys.ts';

/** A guest that answers none of three questions in a row is gone, ms between two. */
const KEEPALIVE_MS = 5000;

export interface SshOptions {
  /** Of the loopback address. */
  readonly port: number;
  readonly keys: Pick<SshKeys, 'hostName' | 'clientKey'>;
  /** Whether the guest may be silent for any time: a debugger stops it. */
  readonly patient: boolean;
}

/** A connection to the SSH server of a guest that has the one host key. Throws `GuestLinkError` once it is lost. */
export class SshLink implements AsyncDisposable {
  readonly #client: Client;
  readonly #lost: Promise<never>;

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
    await link.#whileThere(ready, signal);
    return link;
  }

  /** Runs a session to its end and gives its exit status, 128 and the signal's number if one ended it. */
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
      return await this.#whileThere(Promise.race([ended, unread(session)]), signal);
    } finally {
      terminal?.screen.off('resize', resize);
      stdin.unpipe(channel);
      stdin.pause();
    }
  }

  /** Copies a file of the host into the guest, with its mode. */
  async put(local: string, remote: string, signal: AbortSignal): Promise<void> {
    await this.#copy(`Cannot put ${local} at ${remote} in the guest`, signal, async (sftp) => {
      const { mode } = await stat(local);
      await pipeline(createReadStream(local), sftp.createWriteStream(remote, { mode }));
    });
  }

  /** Copies a file of the guest to the host; leaves none where it cannot. */
  async get(remote: string, local: string, signal: AbortSignal): Promise<void> {
    await this.#copy(`Cannot get ${remote} of the guest`, signal, async (sftp) => {
      // Opened first: what is not there overwrites nothing.
      const source = sftp.createReadStream(remote);
      await new Promise((resolve, reject) => source.once('open', resolve).once('error', reject));
      await pipeline(source, createWriteStream(local)).catch(async (error: unknown) => {
        await rm(local, { force: true });
        throw error;
      });
    });
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
    const opening = new Promise<ClientChannel>((resolve, reject) => {
      const opened = (error: Error | undefined, channel: ClientChannel): void => {
        if (error) reject(guestError('Cannot open a session in the guest', error));
        else resolve(channel);
      };
      if (command === undefined) this.#client.shell(pty ?? false, opened);
      else this.#client.exec(command, pty ? { pty } : {}, opened);
    });
    return this.#whileThere(opening, signal);
  }

  async #copy(
    what: string,
    signal: AbortSignal,
    work: (sftp: SFTPWrapper) => Promise<void>,
  ): Promise<void> {
    const copying = async (): Promise<void> => {
      const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
        this.#client.sftp((error, opened) => {
          if (error) reject(error);
          else resolve(opened);
        });
      });
      try {
        await work(sftp);
      } finally {
        sftp.end();
      }
    };
    try {
      await this.#whileThere(copying(), signal);
    } catch (error) {
      throw guestError(what, error);
    }
  }

  /** `work`, or the error of a connection that is lost; one that was interrupted is ended. */
  async #whileThere<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    const end = (): void => {
      this.#client.destroy();
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    try {
      return await Promise.race([work, this.#lost]);
    } catch (error) {
      if (!signal.aborted) throw error;
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

/** What went wrong, ours as it is; what else is said is a guest's words. */
function guestError(what: string, error: unknown): Error {
  const known = fromSystemError(error, what);
  if (known instanceof Sub1mError) return known;
  return new GuestLinkError(`${what}: ${printableText(String(error))}`, { cause: error });
}
