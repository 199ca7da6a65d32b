// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import ssh2, { type ConnectConfig, type SFTPWrapper } from 'ssh2';
import { called } from '../process/called.ts';
import { UsageError, messageOf } from '../errors.ts';
import type { SftpAddress } from './store-address.ts';

/** How long connecting may take, ms. */
export const CONNECT_MS = 20_000;

/** Between two keepalives, ms; a server that misses three is gone. */
const KEEPALIVE_MS = 5000;

/** What connecting takes beside the address. */
export interface SftpOptions {
  /** The socket of an agent. */
  readonly sshAgent: string | undefined;
  readonly signal: AbortSignal;
}

/** A connection in use. */
export interface Connection {
  readonly client: ssh2.Client;
  readonly sftp: SFTPWrapper;
}

/** How to connect. Throws `UsageError` for a key that cannot be used. */
export async function configOf(
  { host, port, user, password, keyFile }: SftpAddress,
  { sshAgent }: SftpOptions,
): Promise<ConnectConfig> {
  const key = keyFile === null ? null : await readKey(keyFile);
  return {
    host,
    port,
    username: user,
    ...(password !== undefined && { password }),
    ...(key !== null && { privateKey: key }),
    ...(password === undefined && key === null && sshAgent !== undefined && { agent: sshAgent }),
    readyTimeout: CONNECT_MS,
    keepaliveInterval: KEEPALIVE_MS,
  };
}

async function readKey(path: string): Promise<Buffer> {
  const key = await readFile(path).catch((error: unknown) => {
    throw new UsageError(`Cannot read the key ${path}: ${messageOf(error)}`, { cause: error });
  });
  const parsed = ssh2.utils.parseKey(key);
  if (!(parsed instanceof Error)) return key;
  throw new UsageError(
    `Cannot use the key ${path}: expected a private key without a passphrase; with one, use an agent`,
  );
}

/**
 * Connects; `onLost` is called when the connection ends, however it does. Throws `UsageError` if the server is another, or
 * does not let us in.
 */
export async function connect(
  config: ConnectConfig,
  { shown, hostKey }: SftpAddress,
  onLost: () => void,
): Promise<Connection> {
  const client = new ssh2.Client();
  let found = '';
  const hostVerifier = (key: Buffer): boolean => {
    found = `SHA256:${createHash('sha256').update(key).digest('base64').replaceAll('=', '')}`;
    return found === hostKey;
  };
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('ready', resolve);
      client.on('error', reject);
      client.once('close', () => {
        onLost();
        reject(new Error('The connection was closed'));
      });
      client.connect({ ...config, hostVerifier });
    });
    const sftp = await called<SFTPWrapper>((done) => client.sftp(done));
    return { client, sftp };
  } catch (error) {
    onLost();
    client.destroy();
    if (found !== '' && found !== hostKey) throw otherServer(shown, hostKey, found);
    if (isRefusal(error)) {
      throw new UsageError(
        `Cannot use the store ${shown}: the server lets nobody in with that user, password or key`,
        { cause: error },
      );
    }
    throw error;
  }
}

function otherServer(shown: string, wanted: string | null, found: string): UsageError {
  const compare = 'compare with ssh-keygen -lf on the server';
  return new UsageError(
    wanted === null
      ? `Cannot use the store ${shown}: expected ?hostkey=, found a server with ${found}; ${compare}, and add it`
      : `Cannot use the store ${shown}: expected a server with ${wanted}, found ${found}; ${compare}`,
  );
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'level' in error && error.level === 'client-authentication';
}
