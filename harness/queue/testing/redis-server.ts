// SPDX-License-Identifier: MIT
/** A Redis server for tests: Debian's, on a Unix socket of its own, with all that it has on disk (AOF). */
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLog } from '../../log.ts';
import { CleanupStack } from '../../process/cleanup-stack.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { ServerProcess } from '../../testing/server-process.ts';
import { type QueueServer, connectQueue } from '../connect.ts';
import { parseQueueAddress } from '../queue-address.ts';

/** A server that a test started; disposed of with all that it has. */
export interface RedisServer extends AsyncDisposable {
  /** Its URL. */
  readonly url: string;
  /** Kills it as the host's going down would. */
  readonly kill: () => Promise<void>;
  /** Starts it again with what it had on disk. */
  readonly start: () => Promise<void>;
}

/** Starts a server; `options` are of its command line. */
export async function startRedis(options: readonly string[] = []): Promise<RedisServer> {
  await using cleanups = new CleanupStack();
  const folder = cleanups.use(await makeTempDir());
  const socket = join(folder.path, 'redis.sock');
  const server = new ServerProcess();
  const kill = (): Promise<void> => server.kill();
  const start = async (): Promise<void> => {
    const place = ['--port', '0', '--unixsocket', socket, '--dir', folder.path, '--save', ''];
    const disk = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--loglevel', 'warning'];
    const dying = ['--pdeathsig', 'SIGKILL', 'redis-server'];
    server.start(['setpriv', ...dying, ...place, ...disk, ...options]);
    while (!(await answers(socket))) await delay(20);
  };
  cleanups.defer(kill);
  await start();
  const owned = cleanups.move();
  const dispose = (): Promise<void> => owned[Symbol.asyncDispose]();
  return { url: `unix://${socket}`, kill, start, [Symbol.asyncDispose]: dispose };
}

/** Whether somebody listens. */
async function answers(socket: string): Promise<boolean> {
  const connection = createConnection(socket);
  try {
    await once(connection, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    connection.destroy();
  }
}

/** A connection to it. */
export function connectTo(
  { url }: Pick<RedisServer, 'url'>,
  log = silentLog,
): Promise<QueueServer> {
  return connectQueue(parseQueueAddress(url), log);
}
