// SPDX-License-Identifier: MIT
/** Loopback ports for servers of tests. */
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until somebody listens there. */
export async function listens(port: number): Promise<void> {
  for (;;) {
    const connection = createConnection({ host: '127.0.0.1', port });
    try {
      await once(connection, 'connect');
      return;
    } catch {
      await delay(20);
    } finally {
      connection.destroy();
    }
  }
}
