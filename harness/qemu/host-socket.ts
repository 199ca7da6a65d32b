// SPDX-License-Identifier: MIT
import { type Socket, createServer } from 'node:net';
import { HostError } from '../errors.ts';

/** The longest path of a Unix socket, in bytes: `sun_path` of unix(7) has 108, one for the NUL. */
const PATH_LIMIT = 107;

/** A Unix socket that waits for its one connection. Disposing of it ends that too. */
export interface HostSocket extends AsyncDisposable {
  /** Settles when QEMU connects; never rejects. The socket is removed from its folder then. */
  readonly connected: Promise<Socket>;
}

/** Listens at `path`. Throws `HostError` where that is not possible. */
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
      // `close` follows every error, and is what the one who reads waits for.
      accepted.on('error', () => {});
      server.close();
      resolve(accepted);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new HostError(`Cannot listen at ${path}: ${cause.message}`, { cause }));
    });
    server.listen(path, resolve);
  });
  return {
    connected,
    [Symbol.asyncDispose]: async () => {
      server.close();
      socket?.destroy();
    },
  };
}
