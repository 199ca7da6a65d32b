// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';

/** Where a store is: `shown` is how messages name it, without user and password. */
export type StoreAddress =
  | { readonly kind: 'folder'; readonly shown: string; readonly hasPassword: false }
  | SftpAddress
  | S3Address;

/** A folder on an SSH server. */
export interface SftpAddress {
  readonly kind: 'sftp';
  readonly shown: string;
  readonly hasPassword: boolean;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
  /** An absolute path on the server. */
  readonly folder: string;
  /** The file of a private key; without one and a password, the agent is asked. */
  readonly keyFile: string | null;
  /** The fingerprint that the server's key must have, as ssh-keygen -l prints it: `SHA256:…`. */
  readonly hostKey: string | null;
}

/** A bucket, and what keys in it begin with. */
export interface S3Address {
  readonly kind: 's3';
  readonly shown: string;
  readonly hasPassword: boolean;
  /** The URL that all keys are below: `https://host:port/bucket/prefix`. */
  readonly base: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

const ADVICE =
  'give a folder, sftp://user@host/folder?hostkey=SHA256:…, s3://host/bucket?region=… or s3+http://…; ' +
  'with a password in SUB1M_STORE';

const PLACES = 'expected a folder or the URL of a server';

/** Reads where a store is: a folder, or a URL. Throws `UsageError`, which never shows a password. */
export function parseStoreAddress(text: string): StoreAddress {
  if (!/^[\w+]+:\/\//.test(text)) return { kind: 'folder', shown: text, hasPassword: false };
  if (!URL.canParse(text)) throw refusal(PLACES);
  const url = new URL(text);
  switch (url.protocol) {
    case 'sftp:':
      return sftpAddress(url);
    case 's3:':
      return s3Address(url, 'https:');
    case 's3+http:':
      return s3Address(url, 'http:');
    default:
      throw refusal(PLACES);
  }
}

function sftpAddress(url: URL): SftpAddress {
  const { keyFile, hostKey } = queryOf(url, { key: 'keyFile', hostkey: 'hostKey' });
  if (url.username === '') throw refusal('expected a user');
  if (url.pathname.length < 2) throw refusal('expected a folder on the server');
  if (hostKey !== undefined && !/^SHA256:[\w+/]{43}$/.test(hostKey)) {
    throw refusal('expected the fingerprint of a host key, as ssh-keygen -l prints it');
  }
  const port = Number(url.port || 22);
  const folder = decodeURIComponent(url.pathname);
  return {
    kind: 'sftp',
    shown: `sftp://${url.hostname}:${port}${folder}`,
    hasPassword: url.password !== '',
    host: url.hostname.replaceAll(/^\[|\]$/g, ''),
    port,
    user: decodeURIComponent(url.username),
    ...(url.password && { password: decodeURIComponent(url.password) }),
    folder,
    keyFile: keyFile ?? null,
    hostKey: hostKey ?? null,
  };
}

function s3Address(url: URL, protocol: 'http:' | 'https:'): S3Address {
  const { region = 'us-east-1' } = queryOf(url, { region: 'region' });
  const path = url.pathname.replace(/\/+$/, '');
  if (!/^\/[a-z0-9][a-z0-9.-]{2,62}(?:\/[\w.-]+)*$/.test(path)) {
    throw refusal('expected a bucket, and plain names below it');
  }
  if (url.username === '' || url.password === '') {
    throw refusal('expected an access key as user and a secret key as password');
  }
  return {
    kind: 's3',
    shown: `${url.protocol}//${url.host}${path}`,
    hasPassword: true,
    base: `${protocol}//${url.host}${path}`,
    region,
    accessKey: decodeURIComponent(url.username),
    secretKey: decodeURIComponent(url.password),
  };
}

/** The parameters of a URL, by our names for them; another is a mistake. */
function queryOf<T extends string>(
  url: URL,
  names: Readonly<Record<string, T>>,
): Partial<Record<T, string>> {
  const pairs: Partial<Record<T, string>> = {};
  // A + in it is one: fingerprints have some.
  for (const [name, value] of new URLSearchParams(url.search.replaceAll('+', '%2B'))) {
    const ours = names[name];
    if (ours === undefined) throw refusal(`expected ${Object.keys(names).join(' or ')} behind ?`);
    pairs[ours] = value;
  }
  return pairs;
}

function refusal(expected: string): UsageError {
  return new UsageError(`Cannot use that as a store: ${expected}; ${ADVICE}`);
}
