// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import ssh2, { type Connection, type SFTPWrapper, type ServerChannel } from 'ssh2';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GuestLinkError, InterruptedError } from '../errors.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import type { Session } from './session.ts';
import { type SshKeys, makeSshKeys, openSshKeyPair } from './ssh-keys.ts';
import { SshLink } from './ssh-link.ts';

const { STATUS_CODE, flagsToString } = ssh2.utils.sftp;

const NOBODY = { mode: 0o644, uid: 0, gid: 0, atime: 0, mtime: 0 };

let cleanups: CleanupStack;
let keys: SshKeys;
let serverKey: { readonly private: string; readonly public: string };

beforeEach(() => {
  cleanups = new CleanupStack();
  serverKey = openSshKeyPair();
  const [, name = ''] = serverKey.public.split(' ');
  keys = { ...makeSshKeys(), hostName: Buffer.from(name, 'base64') };
});
afterEach(async () => {
  await cleanups[Symbol.asyncDispose]();
});

/** What the server was asked for. */
const asked: unknown[] = [];

/** How it answers a command. */
const ANSWERS: Readonly<Record<string, (channel: ServerChannel) => void>> = {
  cat: (channel) => {
    channel.pipe(channel, { end: false });
    channel.on('end', () => {
      channel.stderr.write('read');
      channel.exit(3);
      channel.end();
    });
  },
  'kill me': (channel) => {
    channel.exit('TERM');
    channel.end();
  },
  'say nothing': (channel) => {
    channel.close();
  },
  hang: (channel) => {
    channel.write('up');
  },
};

/** A server on a loopback port that lets one client in, and has one file. */
async function serve(files = new Map<string, Buffer>()): Promise<{
  readonly port: number;
  readonly connections: readonly Connection[];
}> {
  asked.length = 0;
  const connections: Connection[] = [];
  const clientName = Buffer.from(keys.clientName.split(' ')[1] ?? '', 'base64');
  const server = new ssh2.Server({ hostKeys: [serverKey.private] }, (connection) => {
    connections.push(connection);
    connection.on('error', () => {});
    connection.on('authentication', (login) => {
      if (login.method === 'publickey' && login.key.data.equals(clientName)) login.accept();
      else login.reject(['publickey']);
    });
    connection.on('session', (accept) => {
      const asking = accept();
      asking.on('pty', (acceptPty, _reject, { term, rows, cols }) => {
        asked.push({ term, rows, cols });
        acceptPty();
      });
      asking.on('window-change', (_accept, _reject, { rows, cols }) => asked.push({ rows, cols }));
      asking.on('exec', (acceptExec, _reject, { command }) => {
        asked.push(command);
        ANSWERS[command]?.(acceptExec());
      });
      asking.on('sftp', (acceptSftp) => {
        serveFiles(acceptSftp(), files);
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.defer(() => {
    server.close();
    for (const connection of connections) connection.end();
  });
  return { port: (server.address() as AddressInfo).port, connections };
}

/** As much of an SFTP server as copies files; the handle of each is its name. */
function serveFiles(sftp: SFTPWrapper, files: Map<string, Buffer>): void {
  sftp.on('OPEN', (id, path, flags) => {
    if (flagsToString(flags) === 'w') files.set(path, Buffer.alloc(0));
    sftp.handle(id, Buffer.from(path));
  });
  const tell = (id: number, path: string): void => {
    const bytes = files.get(path);
    if (bytes === undefined)
      sftp.status(id, STATUS_CODE.NO_SUCH_FILE, 'No \u001b[31msuch\u0007 file');
    // Like the files of /proc.
    else sftp.attrs(id, { ...NOBODY, size: path.startsWith('/proc/') ? 0 : bytes.length });
  };
  sftp.on('STAT', tell);
  sftp.on('FSTAT', (id, handle) => {
    tell(id, handle.toString());
  });
  sftp.on('READ', (id, handle, ...[offset, length]) => {
    const bytes = files.get(handle.toString())?.subarray(offset, offset + length);
    if (bytes?.length) sftp.data(id, bytes);
    else sftp.status(id, STATUS_CODE.EOF);
  });
  sftp.on('WRITE', (id, handle, ...[offset, data]) => {
    const before = files.get(handle.toString()) ?? Buffer.alloc(0);
    const bytes = Buffer.alloc(Math.max(before.length, offset + data.length));
    before.copy(bytes);
    data.copy(bytes, offset);
    files.set(handle.toString(), bytes);
    sftp.status(id, STATUS_CODE.OK);
  });
  for (const request of ['CLOSE', 'FSETSTAT'] as const) {
    sftp.on(request, (id: number) => {
      sftp.status(id, STATUS_CODE.OK);
    });
  }
}

// Both ends compute in this process: half a minute on a busy host.
vi.setConfig({ testTimeout: 120_000 });
const forever = new AbortController().signal;

async function connect(port: number): Promise<SshLink> {
  return cleanups.use(await SshLink.connect({ port, keys, patient: false }, forever));
}

interface Streams extends Session {
  readonly stdin: PassThrough;
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
}

function session(command: string, terminal: Session['terminal'] = null): Streams {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  return { command, terminal, stdin, stdout, stderr };
}

describe('a session', () => {
  it('carries bytes unchanged both ways and returns the exit status', async () => {
    const { port } = await serve();
    const link = await connect(port);
    const streams = session('cat');
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    streams.stdin.end(bytes);
    expect(await link.run(streams, forever)).toBe(3);
    expect(streams.stdout.read()).toEqual(bytes);
    expect(String(streams.stderr.read())).toBe('read');
    expect(asked).toEqual(['cat']);
  });

  it('returns 128 plus the number of the signal that killed it', async () => {
    const { port } = await serve();
    expect(await (await connect(port)).run(session('kill me'), forever)).toBe(128 + 15);
  });

  it("has a terminal of the window's size, which follows it", async () => {
    const { port } = await serve();
    const link = await connect(port);
    const screen = Object.assign(new PassThrough(), { rows: 50, columns: 132 });
    const streams = session('cat', { term: 'xterm', screen });
    const ended = link.run(streams, forever);
    await expect.poll(() => asked).toHaveLength(2);
    await expect.poll(() => screen.listenerCount('resize')).toBe(1);
    screen.rows = 20;
    screen.emit('resize');
    streams.stdin.end();
    await ended;
    expect(asked).toEqual([{ term: 'xterm', rows: 50, cols: 132 }, 'cat', { rows: 20, cols: 132 }]);
    expect(screen.listenerCount('resize')).toBe(0);
  });

  it('ends when nobody reads its output', async () => {
    const { port } = await serve();
    const streams = session('hang');
    const ended = (await connect(port)).run(streams, forever);
    await once(streams.stdout, 'readable');
    streams.stdout.destroy(new Error('EPIPE'));
    expect(await ended).toBe(128 + 13);
  });

  it('fails if the guest does not say how it ended', async () => {
    const { port } = await serve();
    await expect((await connect(port)).run(session('say nothing'), forever)).rejects.toThrow(
      new GuestLinkError('The guest did not say how the session ended'),
    );
  });

  it('ends with the connection, and can be interrupted', async () => {
    const { port, connections } = await serve();
    const lost = (await connect(port)).run(session('hang'), forever);
    await expect.poll(() => asked).toHaveLength(1);
    connections[0]?.end();
    await expect(lost).rejects.toThrow(GuestLinkError);
    const controller = new AbortController();
    const interrupted = (await connect(port)).run(session('hang'), controller.signal);
    controller.abort();
    await expect(interrupted).rejects.toThrow(InterruptedError);
  });
});

it('refuses a guest with another host key', async () => {
  const { port } = await serve();
  keys = { ...keys, hostName: makeSshKeys().hostName };
  await expect(connect(port)).rejects.toThrow(
    new GuestLinkError('The connection to the guest is lost: Host denied (verification failed)'),
  );
});

it('says that nothing listens', async () => {
  await expect(connect(1)).rejects.toThrow(GuestLinkError);
});

describe('files', () => {
  it('go into the guest and come back, byte for byte, even if they hide their size', async () => {
    await using temp = await makeTempDir();
    const iomem = Buffer.from('00000000-00000fff : Reserved');
    const files = new Map([['/proc/iomem', iomem]]);
    const { port } = await serve(files);
    const link = await connect(port);
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251));
    await writeFile(join(temp.path, 'a'), bytes);
    await link.put(join(temp.path, 'a'), '/tmp/a', forever);
    expect(files.get('/tmp/a')).toEqual(bytes);
    await link.get('/tmp/a', join(temp.path, 'b'), forever);
    expect(await readFile(join(temp.path, 'b'))).toEqual(bytes);
    await link.get('/proc/iomem', join(temp.path, 'b'), forever);
    expect(await readFile(join(temp.path, 'b'))).toEqual(iomem);
  });

  it('that do not exist overwrite nothing, and the guest is quoted in printable text', async () => {
    await using temp = await makeTempDir();
    const local = join(temp.path, 'a');
    await writeFile(local, 'mine');
    const { port } = await serve();
    await expect((await connect(port)).get('/tmp/a', local, forever)).rejects.toThrow(
      new GuestLinkError('Cannot get /tmp/a of the guest: Error: No such file'),
    );
    expect(await readFile(local, 'utf8')).toBe('mine');
    expect((await stat(local)).size).toBe(4);
  });
});
