// SPDX-License-Identifier: MIT
import { type Socket, createServer } from 'node:net';
import { HostError } from '../errors.ts';

/** The longest path of a Unix socket, in bytes: `sun_path` of unix(7) has 108 with its NUL. */
const PATH_LIMIT = 107;

/** A Unix socket that waits for its one connection. Disposing of it closes both. */
export interface HostSocket extends AsyncDisposable {
  /** Resolves when QEMU connects; never rejects. The socket is then removed from its folder. */
  readonly connected: Promise<Socket>;
}

/** Listens at `path`, in a folder that nobody else can write to. Throws `HostError` if that is not possible. */
export async function listenOnce(path: string): Promise<HostSocket> {
  const length = Buffer.byteLength(path);
  if (length > PATH_LIMIT) {
    throw new HostError(
      `Cannot listen at ${path}: expected at most ${PATH_LIMIT} bytes, found ${length}; ` +
        'set TMPDIR to a shorter folder',
    );
  }
  const server = createServer();
  let socket: Socket | undefined;
  const connected = new Promise<Socket>((resolve) => {
    server.once('connection', (accepted) => {
      socket = accepted;
      // `close` follows every error, and readers wait for that.
      accepted.on('error', () => {});
      server.close();
      resolve(accepted);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new HostError(`Cannot listen at ${path}: ${cause.message}`, { cause }));
    });
    // Whoever comes as far as the folder may connect: QEMU may run as another user.
    server.listen({ path, readableAll: true, writableAll: true }, resolve);
  });
  return {
    connected,
    [Symbol.asyncDispose]: async () => {
      server.close();
      socket?.destroy();
    },
  };
}
