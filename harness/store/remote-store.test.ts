// SPDX-License-Identifier: MIT
/** Stores on real servers: Debian's sshd, and s3rver. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FormatError, HostError, InputError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { sha256 } from '../process/file-hash.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { openDisk, smallDisk } from '../testing/small-disk.ts';
import { openStore } from './open-store.ts';
import { patientStore } from './patient-store.ts';
import { PART_BYTES, type Remote, RemoteStore } from './remote-store.ts';
import { S3Remote } from './s3-remote.ts';
import { SftpRemote } from './sftp-remote.ts';
import { type S3Address, type SftpAddress, parseStoreAddress } from './store-address.ts';
import { type S3Server, startS3Server } from './testing/s3-server.ts';
import { type SshServer, startSshServer } from './testing/ssh-server.ts';

const { signal } = new AbortController();
let temp: TempDir;
let ssh: SshServer;
let s3: S3Server;
beforeAll(async () => {
  temp = await makeTempDir();
  ssh = await startSshServer();
  s3 = await startS3Server();
});
afterAll(async () => {
  for (const one of [s3, ssh, temp]) await one[Symbol.asyncDispose]();
});

const NO_AGENT = { sshAgent: undefined, signal };
const open = (url: string) => openStore(parseStoreAddress(url), NO_AGENT);

interface Server {
  /** A remote in a folder of its own, and that folder. */
  readonly remote: () => Promise<{ readonly remote: Remote; readonly folder: string }>;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
}

let nr = 0;
const SERVERS: readonly (readonly [name: string, Server])[] = [
  [
    'SFTP',
    {
      remote: async () => {
        const folder = join(temp.path, `store-${++nr}`);
        await mkdir(folder);
        const address = parseStoreAddress(ssh.url(folder)) as SftpAddress;
        return { remote: await SftpRemote.open(address, NO_AGENT), folder };
      },
      stop: () => ssh.kill(),
      start: () => ssh.start(),
    },
  ],
  [
    'S3',
    {
      remote: async () => {
        const url = s3.url().replace('/lab', `/lab/${++nr}`);
        const address = parseStoreAddress(url) as S3Address;
        return {
          remote: await S3Remote.open(address, signal),
          folder: join(s3.folder, `lab/${nr}`),
        };
      },
      stop: () => s3.stop(),
      start: () => s3.start(),
    },
  ],
];

/** A file of so many bytes, and where to get it to. */
async function someFile(bytes: number) {
  const name = join(temp.path, `file-${++nr}`);
  const content = randomBytes(bytes);
  await writeFile(name, content);
  return { name, content, hash: sha256(content), to: `${name}.got` };
}

/** A remote that does `before` before each of its calls of that name. */
function withBefore(
  remote: Remote,
  call: 'read' | 'write',
  before: (at: number) => unknown,
): Remote {
  return new Proxy(remote, {
    get: (target, name: keyof Remote) => {
      const own: unknown = Reflect.get(target, name, target);
      if (typeof own !== 'function') return own;
      return async (...args: unknown[]) => {
        if (name === call) await before(args[1] as number);
        return await (own.apply(target, args) as unknown);
      };
    },
  });
}

/** The files of a store. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

const BYTES = [0, 1, PART_BYTES, 2 * PART_BYTES + 5] as const;

describe.each(SERVERS)('a store by %s', (_, server) => {
  it.each(BYTES)('gives what was put: %i bytes', async (bytes) => {
    const { remote, folder } = await server.remote();
    await using store = new RemoteStore(remote);
    const { name, content, hash, to } = await someFile(bytes);
    expect(await store.put(name, signal)).toBe(hash);
    await store.get(hash, to, signal);
    expect((await readFile(to)).equals(content)).toBe(true);
    await store.remove(hash);
    expect(await filesIn(folder)).toEqual([]);
    await expect(store.get(hash, `${to}-2`, signal)).rejects.toThrow('it has no such file');
    await expect(store.get('../../etc/passwd', to, signal)).rejects.toThrow(FormatError);
  });

  it('has a file once, whoever puts it, also at the same time', async () => {
    const { remote, folder } = await server.remote();
    await using store = new RemoteStore(remote);
    const writes: number[] = [];
    const counted = new RemoteStore(withBefore(remote, 'write', (at) => writes.push(at)));
    const { name, content, hash, to } = await someFile(PART_BYTES + 9);
    await Promise.all([store.put(name, signal), store.put(name, signal)]).catch(() => {});
    await store.put(name, signal);
    await counted.put(name, signal);
    expect(writes).toEqual([]);
    await store.get(hash, to, signal);
    expect((await readFile(to)).equals(content)).toBe(true);
    expect((await filesIn(folder)).filter((file) => file.endsWith('.part'))).toEqual([]);
  });

  it('goes on where a transfer was cut, both ways', async () => {
    const { remote } = await server.remote();
    await using store = new RemoteStore(remote);
    const { name, content, hash, to } = await someFile(3 * PART_BYTES + 5);
    const seen: number[] = [];
    const cutAt = (call: 'read' | 'write', cut: number): RemoteStore =>
      new RemoteStore(
        withBefore(remote, call, (at) => {
          if (at === cut) throw new Error('cut');
          seen.push(at / PART_BYTES);
        }),
      );
    await expect(cutAt('write', 2 * PART_BYTES).put(name, signal)).rejects.toThrow(HostError);
    await expect(store.get(hash, to, signal)).rejects.toThrow('it has no such file');
    await cutAt('write', -1).put(name, signal);
    expect(seen.splice(0)).toEqual([0, 1, 2, 3]);
    await expect(cutAt('read', 2 * PART_BYTES).get(hash, to, signal)).rejects.toThrow(HostError);
    await cutAt('read', -1).get(hash, to, signal);
    expect(seen).toEqual([0, 1, 2, 3]);
    expect((await readFile(to)).equals(content)).toBe(true);
  });

  it('waits for a server that is away, and goes on when it is back', async () => {
    const { remote } = await server.remote();
    await using store = new RemoteStore(remote);
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (text: string) => warnings.push(text) };
    const { name, content, hash, to } = await someFile(2 * PART_BYTES);
    let isCut = false;
    const breaking = new RemoteStore(
      withBefore(remote, 'write', async (at) => {
        if (at > 0 && !isCut) await server.stop();
        isCut ||= at > 0;
      }),
    );
    const put = patientStore(breaking, log).put(name, signal);
    await expect.poll(() => warnings.length, { timeout: 30_000, interval: 20 }).toBe(1);
    await server.start();
    expect(await put).toBe(hash);
    await store.get(hash, to, signal);
    expect((await readFile(to)).equals(content)).toBe(true);
    expect(warnings[0]).toMatch(/^Cannot use the store (sftp|s3\+http):\/\/127.*; trying again$/);
  });

  it.each([
    { what: 'changed', spoil: (path: string) => writeFile(path, 'x'.repeat(100)) },
    { what: 'cut short', spoil: (path: string) => truncate(path, 7) },
  ])('gives nothing that was $what, removes it, and takes it anew', async ({ spoil }) => {
    const { remote, folder } = await server.remote();
    await using store = new RemoteStore(remote);
    const { name, hash, to } = await someFile(100);
    await store.put(name, signal);
    const files = await filesIn(folder);
    // s3rver has what an object says of itself beside it.
    const [file = ''] = files.filter((one) => /[0-9a-f]{64}$|00000\._S3rver_object$/.test(one));
    await spoil(file);
    const getting = store.get(hash, to, signal);
    await expect(getting).rejects.toThrow(InputError);
    await expect(getting).rejects.toThrow(`it is damaged: expected sha256 ${hash}, found `);
    await expect(stat(to)).rejects.toThrow('ENOENT');
    expect(await filesIn(folder)).toEqual([]);
    await store.put(name, signal);
    await store.get(hash, to, signal);
  });
});

// Only root can mount.
it.runIf(process.getuid?.() === 0)('waits for room on a disk that is full, by SFTP', async () => {
  const disk = await smallDisk(join(temp.path, 'disk'), '20m');
  await using server = await startSshServer(disk.under);
  await using held = await openDisk(disk, server.pid());
  await using store = await open(server.url(disk.path));
  held.fill();
  const { name, content, hash, to } = await someFile(PART_BYTES + 5);
  const full = store.put(name, signal);
  await expect(full).rejects.toThrow(HostError);
  await expect(full).rejects.toThrow(/^Cannot use the store sftp:.*: Failure/);
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (text: string) => warnings.push(text) };
  const put = patientStore(store, log).put(name, signal);
  await expect.poll(() => warnings.length, { timeout: 30_000, interval: 20 }).toBe(1);
  await rm(join(held.path, 'filler'));
  expect(await put).toBe(hash);
  await store.get(hash, to, signal);
  expect((await readFile(to)).equals(content)).toBe(true);
});
