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
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!['redis:', 'rediss:', 'unix:'].includes(url?.protocol ?? '') || url === null) {
    throw new UsageError(`Cannot use that as a queue: expected the URL of a Redis server; ${ADVICE}`);
  }
  const isSocket = url.protocol === 'unix:';
  const number = isSocket ? (url.searchParams.get('db') ?? '') : url.pathname.slice(1);
  if (!/^\d{0,4}$/.test(number)) {
    throw new UsageError(`Cannot use that as a queue: expected the number of a database; ${ADVICE}`);
  }
  const db = Number(number);
  const [username, password] = [url.username, url.password].map(decodeURIComponent);
  const secrets = { ...(username && { username }), ...(password && { password }) };
  const path = decodeURIComponent(url.pathname);
  const host = url.hostname || 'localhost';
  const port = url.port === '' ? 6379 : Number(url.port);
  return {
    shown: isSocket ? `unix://${path}` : `${url.protocol}//${host}:${port}/${db}`,
    hasPassword: password !== '',
    server: isSocket ? { path } : { host: host.replaceAll(/^\[|\]$/g, ''), port },
    db,
    ...secrets,
    tls: url.protocol === 'rediss:',
  };
}
