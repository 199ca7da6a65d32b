// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { parseStoreAddress } from './store-address.ts';

const PRINT = `SHA256:${'+/Az'.repeat(10)}012`;

it.each([
  { url: '/srv/sub1m', address: { kind: 'folder', shown: '/srv/sub1m', hasPassword: false } },
  { url: 'store', address: { kind: 'folder', shown: 'store', hasPassword: false } },
  {
    url: `sftp://me:a%40b@[::1]:2222/srv/a%20b?key=/k+1&hostkey=${PRINT}`,
    address: {
      kind: 'sftp',
      shown: 'sftp://[::1]:2222/srv/a b',
      hasPassword: true,
      host: '::1',
      port: 2222,
      user: 'me',
      password: 'a@b',
      folder: '/srv/a b',
      keyFile: '/k+1',
      hostKey: PRINT,
    },
  },
  {
    url: 'sftp://me@farm/srv',
    address: { shown: 'sftp://farm:22/srv', hasPassword: false, keyFile: null, hostKey: null },
  },
  {
    url: 's3://id:se%2Fcret@farm/cells/lab/?region=eu-1',
    address: {
      kind: 's3',
      shown: 's3://farm/cells/lab',
      hasPassword: true,
      base: 'https://farm/cells/lab',
      region: 'eu-1',
      accessKey: 'id',
      secretKey: 'se/cret',
    },
  },
  {
    url: 's3+http://id:secret@farm:9000/cells',
    address: { base: 'http://farm:9000/cells', region: 'us-east-1' },
  },
])('reads $url', ({ url, address }) => {
  expect(parseStoreAddress(url)).toMatchObject(address);
});

it.each([
  ['sftp://:hush@farm/srv', 'expected a user'],
  ['sftp://me:hush@farm', 'expected a folder on the server'],
  ['sftp://me:hush@farm/srv?hostkey=SHA256:hush', 'expected the fingerprint of a host key'],
  ['sftp://me@farm/srv?hush=1', 'expected key or hostkey behind ?'],
  ['s3://farm/cells', 'expected an access key as user'],
  ['s3://hush:hush@farm/', 'expected a bucket'],
  ['s3://hush:hush@farm/cells/../hush?x', 'expected region behind ?'],
  ['s3://hush:hush@farm/Cells', 'expected a bucket'],
  ['ftp://hush:hush@farm/x', 'expected a folder or the URL of a server'],
  ['s3://hush:hush@[/x', 'expected a folder or the URL of a server'],
])('refuses %s, and does not show it', (url, says) => {
  expect(() => parseStoreAddress(url)).toThrow(UsageError);
  expect(() => parseStoreAddress(url)).toThrow(says);
  expect(() => parseStoreAddress(url)).not.toThrow('hush');
});
