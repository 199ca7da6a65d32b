// SPDX-License-Identifier: MIT
/** An SSH server for tests: Debian's, as an ordinary process on a loopback port, with a key of its own for who asks. */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { CleanupStack } from '../../process/cleanup-stack.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { ServerProcess } from '../../testing/server-process.ts';
import { freePort, listens } from './ports.ts';

/** A server that a test started; disposed of with all that it has. */
export interface SshServer extends AsyncDisposable {
  /** The URL of a folder on it, with the key and the host key; `query` instead of those. */
  readonly url: (folder: string, query?: string) => string;
  /** Of its host key. */
  readonly fingerprint: string;
  /** The file of the key that it knows. */
  readonly keyFile: string;
  /** Kills it, and what serves those who are connected. */
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** Of the process that a test sees it by. */
  readonly pid: () => number | undefined;
}

/** Starts a server that knows one key, and lets in whoever runs the test; the words before its command need root. */
export async function startSshServer(under: readonly string[] = []): Promise<SshServer> {
  await using cleanups = new CleanupStack();
  const { path } = cleanups.use(await makeTempDir());
  const port = await freePort();
  const at = (name: string): string => join(path, name);
  for (const name of ['host', 'key']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
  }
  const printed = execFileSync('ssh-keygen', ['-lf', at('host.pub')], { encoding: 'utf8' });
  const fingerprint = /SHA256:\S+/.exec(printed)?.[0] ?? '';
  await configure(port, at);
  const server = new ServerProcess();
  const kill = (): Promise<void> => server.kill();
  const start = async (): Promise<void> => {
    // Those that serve a connection end with it: they are of no group of its.
    const together = ['unshare', '--pid', '--fork', '--kill-child', '--'];
    const [program, ...args] = [...under, ...together, '/usr/sbin/sshd', '-D', '-f', at('config')];
    server.start([program, ...args]);
    await listens(port);
  };
  cleanups.defer(kill);
  await start();
  const owned = cleanups.move();
  const own = `key=${at('key')}&hostkey=${fingerprint}`;
  return {
    url: (folder, query = own) =>
      `sftp://${userInfo().username}@127.0.0.1:${port}${folder}?${query}`,
    fingerprint,
    keyFile: at('key'),
    kill,
    start,
    pid: () => server.pid,
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

/** Writes the configuration of a server; `at` gives the path of a file of its own. */
async function configure(port: number, at: (name: string) => string): Promise<void> {
  const lines = [
    ['ListenAddress', `127.0.0.1:${port}`],
    ['HostKey', at('host')],
    ['AuthorizedKeysFile', at('key.pub')],
    ['Subsystem', 'sftp internal-sftp'],
    ['PasswordAuthentication', 'yes'],
    ['PermitRootLogin', 'yes'],
    ['StrictModes', 'no'],
    ['UsePAM', 'no'],
    ['PidFile', 'none'],
  ];
  await writeFile(at('config'), lines.map((line) => `${line.join(' ')}\n`).join(''));
  // Where Debian's has no right to do anything, when it is started as root.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true });
}
