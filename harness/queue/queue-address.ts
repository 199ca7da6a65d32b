// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';

/** Where the server of a queue is. */
export interface QueueAddress {
  /** As messages name it: without user and password. */
  readonly shown: string;
  readonly hasPassword: boolean;
  /** What a Redis client connects to. */
  readonly server: { readonly path: string } | { readonly host: string; readonly port: number };
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  /** Whether the connection is encrypted; certificates are checked. */
  readonly tls: boolean;
}

const ADVICE =
  'give redis://host:6379/0, rediss:// (TLS) or unix:///path/redis.sock?db=0; with a password in SUB1M_QUEUE';

/** Reads the URL of a Redis server. Throws `UsageError`, which never shows a password. */
export function parseQueueAddress(text: string): QueueAddress {
  const url = requireUrl(text);
  const isSocket = url.protocol === 'unix:';
  const number = isSocket ? (url.searchParams.get('db') ?? '') : url.pathname.slice(1);
  if (!/^\d{0,4}$/.test(number)) {
    throw new UsageError(
      `Cannot use that as a queue: expected the number of a database; ${ADVICE}`,
    );
  }
  const db = Number(number);
  const { hostname, protocol } = url;
  const path = decodeURIComponent(url.pathname);
  const host = hostname || 'localhost';
  const port = Number(url.port || 6379);
  return {
    shown: isSocket ? `unix://${path}` : `${protocol}//${host}:${port}/${db}`,
    server: isSocket ? { path } : { host: host.replaceAll(/^\[|\]$/g, ''), port },
    db,
    tls: protocol === 'rediss:',
    ...secretsOf(url),
  };
}

function secretsOf({
  username,
  password,
}: URL): Pick<QueueAddress, 'hasPassword' | 'username' | 'password'> {
  return {
    hasPassword: password !== '',
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
  };
}

function requireUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && ['redis:', 'rediss:', 'unix:'].includes(url.protocol)) return url;
  throw new UsageError(`Cannot use that as a queue: expected the URL of a Redis server; ${ADVICE}`);
}
