// SPDX-License-Identifier: MIT
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HostError, UsageError } from '../errors.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { openStore } from './open-store.ts';
import { parseStoreAddress } from './store-address.ts';
import { type S3Server, startS3Server } from './testing/s3-server.ts';
import { type SshServer, startSshServer } from './testing/ssh-server.ts';

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

const { signal } = new AbortController();
const open = (url: string) => openStore(parseStoreAddress(url), { sshAgent: undefined, signal });

interface Mistake {
  readonly what: string;
  readonly url: () => string;
  readonly error: new (message: string) => Error;
  readonly says: RegExp;
}

const SECRET = 'open-sesame';

const MISTAKES: readonly Mistake[] = [
  {
    what: 'a wrong password',
    url: () => ssh.url(temp.path, `hostkey=${ssh.fingerprint}`).replace('@', `:${SECRET}@`),
    error: UsageError,
    says: /the server lets nobody in with that user, password or key$/,
  },
  {
    what: 'no key',
    url: () => ssh.url(temp.path, `hostkey=${ssh.fingerprint}`),
    error: UsageError,
    says: /the server lets nobody in with that user, password or key$/,
  },
  {
    what: 'no host key',
    url: () => ssh.url(temp.path, `key=${ssh.keyFile}`),
    error: UsageError,
    says: /expected \?hostkey=, found a server with SHA256:/,
  },
  {
    what: 'another host key',
    url: () => ssh.url(temp.path, `key=${ssh.keyFile}&hostkey=SHA256:${'A'.repeat(43)}`),
    error: UsageError,
    says: /expected a server with SHA256:AAA\S+, found SHA256:/,
  },
  {
    what: 'no such folder',
    url: () => ssh.url('/nowhere'),
    error: UsageError,
    says: /expected a folder, found none; make one$/,
  },
  {
    what: 'a key that is none',
    url: () => ssh.url(temp.path, `key=/etc/passwd&hostkey=${ssh.fingerprint}`),
    error: UsageError,
    says: /^Cannot use the key \/etc\/passwd: expected a private key/,
  },
  {
    what: 'no SSH server',
    url: () => `sftp://root@127.0.0.1:1/x?hostkey=${ssh.fingerprint}`,
    error: HostError,
    says: /^Cannot reach the store sftp:\/\/127\.0\.0\.1:1\/x: connect ECONNREFUSED/,
  },
  {
    what: 'a wrong secret key',
    url: () => s3.url(SECRET),
    error: UsageError,
    says: /SignatureDoesNotMatch; see its bucket, region and keys in SUB1M_STORE$/,
  },
  {
    what: 'no such bucket',
    url: () => s3.url(undefined, 'none'),
    error: UsageError,
    says: /NoSuchBucket; see/,
  },
  {
    what: 'no S3 server',
    url: () => `s3+http://me:${SECRET}@127.0.0.1:2/cells`,
    error: HostError,
    says: /^Cannot reach the store s3\+http:\/\/127\.0\.0\.1:2\/cells: connect ECONNREFUSED/,
  },
  {
    what: 'a server that speaks no TLS',
    url: () => s3.url(SECRET).replace('s3+http', 's3'),
    error: HostError,
    says: /^Cannot reach the store s3:/,
  },
];

it.each(MISTAKES)('says in one line what is wrong: $what', async ({ url, error, says }) => {
  const failure: unknown = await open(url()).catch((thrown: unknown) => thrown);
  expect(failure).toBeInstanceOf(error);
  const { message } = failure as Error;
  expect(message).toMatch(says);
  expect(message.split('\n')).toHaveLength(1);
  expect(message).not.toContain(SECRET);
});
