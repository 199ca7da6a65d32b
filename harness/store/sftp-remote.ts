// SPDX-License-Identifier: MIT
import { dirname, posix } from 'node:path';
import ssh2, { type ConnectConfig, type SFTPWrapper, type Stats } from 'ssh2';
import { called } from '../process/called.ts';
import { HostError, UsageError, messageOf } from '../errors.ts';
import { printableText } from '../memory/printable-text.ts';
import { withDeadline } from '../process/deadline.ts';
import { PART_BYTES, type Remote } from './remote-store.ts';
import {
  CONNECT_MS,
  type Connection,
  type SftpOptions,
  configOf,
  connect,
} from './sftp-connection.ts';
import type { SftpAddress } from './store-address.ts';

/** Bytes of a request: what every server takes. */
const REQUEST_BYTES = 32 * 1024;

/** SFTP's codes for the end of a file, and for none. */
const [END_OF_FILE, NO_SUCH_FILE] = [1, 2] as const;

/** What is in a file stays. */
const WRITE_AND_CREATE = ssh2.utils.sftp.OPEN_MODE.WRITE | ssh2.utils.sftp.OPEN_MODE.CREAT;

/** A folder on an SSH server; it may be the same folder that others have by NFS. A connection that is lost is made anew. */
export class SftpRemote implements Remote {
  readonly #address: SftpAddress;
  readonly #config: ConnectConfig;
  #connection: Promise<Connection> | undefined;

  private constructor(address: SftpAddress, config: ConnectConfig) {
    this.#address = address;
    this.#config = config;
  }

  /** Throws `UsageError` if the server is another, does not let us in, or has no such folder; else `HostError`. */
  static async open(address: SftpAddress, options: SftpOptions): Promise<SftpRemote> {
    const { shown, folder } = address;
    const remote = new SftpRemote(address, await configOf(address, options));
    try {
      const { signal } = options;
      await withDeadline(`the store ${shown}`, { budgetMs: CONNECT_MS, signal }, () =>
        remote.#sftp(),
      );
      const info = await remote.#stat(folder);
      if (info?.isDirectory()) return remote;
      const found = info === null ? 'none' : 'something else';
      throw new UsageError(
        `Cannot use the store ${shown}: expected a folder, found ${found}; make one`,
      );
    } catch (error) {
      await remote[Symbol.asyncDispose]();
      if (error instanceof UsageError || options.signal.aborted) throw error;
      const why = printableText(messageOf(error));
      throw new HostError(`Cannot reach the store ${shown}: ${why}`, { cause: error });
    }
  }

  get shown(): string {
    return this.#address.shown;
  }

  async size(place: string): Promise<number | null> {
    const info = await this.#stat(this.#path(place));
    return info?.isFile() ? info.size : null;
  }

  async read(place: string, at: number, bytes: number): Promise<Uint8Array> {
    const sftp = await this.#sftp();
    return this.#withFile(this.#path(place), 'r', async (handle) => {
      const part = Buffer.alloc(bytes);
      const read = await inRequests(bytes, (from, length) =>
        readSome(sftp, { handle, part, from, length, at }),
      );
      // A hole in the middle is damage: the hash tells.
      return part.subarray(0, Math.max(0, ...read));
    });
  }

  async begun(place: string): Promise<number> {
    const size = (await this.#stat(this.#partial(place)))?.size ?? 0;
    return size - (size % PART_BYTES);
  }

  async write(place: string, at: number, part: Uint8Array): Promise<void> {
    const sftp = await this.#sftp();
    const path = this.#partial(place);
    // It is there, or opening the file says why not.
    if (at === 0) await called<void>((done) => sftp.mkdir(dirname(path), done)).catch(() => {});
    await this.#withFile(path, WRITE_AND_CREATE, async (handle) => {
      const bytes = Buffer.from(part.buffer, part.byteOffset, part.length);
      const put = (from: number, length: number): Promise<unknown> =>
        called<void>((done) => sftp.write(handle, bytes, from, length, at + from, done));
      // The last request goes when the others are done: a file is never longer than what it has.
      const last = Math.max(0, part.length - REQUEST_BYTES);
      await inRequests(last, put);
      if (part.length > 0) await put(last, part.length - last);
      await synced(sftp, handle);
    });
  }

  async finish(place: string): Promise<void> {
    const sftp = await this.#sftp();
    const [from, to] = [this.#partial(place), this.#path(place)];
    await called<void>((done) => sftp.ext_openssh_rename(from, to, done));
  }

  async remove(place: string): Promise<void> {
    const sftp = await this.#sftp();
    for (const path of [this.#path(place), this.#partial(place)]) {
      await unlessMissing(called<void>((done) => sftp.unlink(path, done)));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    connection?.client.destroy();
  }

  #path(place: string): string {
    return posix.join(this.#address.folder, place);
  }

  #partial(place: string): string {
    return `${this.#path(place)}.part`;
  }

  async #stat(path: string): Promise<Stats | null> {
    const sftp = await this.#sftp();
    return (await unlessMissing(called<Stats>((done) => sftp.lstat(path, done)))) ?? null;
  }

  async #withFile<T>(
    path: string,
    mode: 'r' | number,
    work: (handle: Buffer) => Promise<T>,
  ): Promise<T> {
    const sftp = await this.#sftp();
    const handle = await called<Buffer>((done) => sftp.open(path, mode, done));
    try {
      return await work(handle);
    } finally {
      sftp.close(handle, () => {});
    }
  }

  async #sftp(): Promise<SFTPWrapper> {
    this.#connection ??= connect(this.#config, this.#address, () => {
      this.#connection = undefined;
    });
    return (await this.#connection).sftp;
  }
}

/** Does all of a part at once, request by request: one at a time would wait for each. */
function inRequests<T>(
  bytes: number,
  request: (from: number, length: number) => Promise<T>,
): Promise<T[]> {
  const starts = Array.from(
    { length: Math.ceil(bytes / REQUEST_BYTES) },
    (_, nr) => nr * REQUEST_BYTES,
  );
  return Promise.all(starts.map((from) => request(from, Math.min(REQUEST_BYTES, bytes - from))));
}

interface ReadRequest {
  readonly handle: Buffer;
  readonly part: Buffer;
  readonly from: number;
  readonly length: number;
  readonly at: number;
}

/** Reads some bytes into a part, and gives where in it they end: a server may give fewer than were asked for. */
async function readSome(
  sftp: SFTPWrapper,
  { handle, part, from, length, at }: ReadRequest,
): Promise<number> {
  let done = 0;
  while (done < length) {
    const start = from + done;
    const bytes = await called<number>((give) =>
      sftp.read(handle, part, start, length - done, at + start, give),
    ).catch((error: unknown) => {
      if (codeOfSftp(error) === END_OF_FILE) return 0;
      throw error;
    });
    if (bytes === 0) break;
    done += bytes;
  }
  return done === 0 ? 0 : from + done;
}

/** Has what was written on disk, where the server can. */
async function synced(sftp: SFTPWrapper, handle: Buffer): Promise<void> {
  try {
    await called((done) => sftp.ext_openssh_fsync(handle, done));
  } catch (error) {
    if (!/does not support/.test(messageOf(error))) throw error;
  }
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOfSftp(error) === NO_SUCH_FILE) return undefined;
    throw error;
  }
}

function codeOfSftp(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
