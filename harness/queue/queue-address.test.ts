// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { parseQueueAddress } from './queue-address.ts';

it.each([
  {
    url: 'redis://farm',
    address: {
      shown: 'redis://farm:6379/0',
      server: { host: 'farm', port: 6379 },
      db: 0,
      tls: false,
    },
  },
  {
    url: 'rediss://me:a%40b@farm:7000/3',
    address: {
      shown: 'rediss://farm:7000/3',
      server: { host: 'farm', port: 7000 },
      username: 'me',
      password: 'a@b',
      hasPassword: true,
      db: 3,
      tls: true,
    },
  },
  {
    url: 'redis://[::1]:1',
    address: { shown: 'redis://[::1]:1/0', server: { host: '::1', port: 1 } },
  },
  {
    url: 'unix:///run/redis.sock?db=2',
    address: { shown: 'unix:///run/redis.sock', server: { path: '/run/redis.sock' }, db: 2 },
  },
  {
    url: 'unix://:secret@localhost/run/redis.sock',
    address: { shown: 'unix:///run/redis.sock', password: 'secret', hasPassword: true },
  },
])('reads $url', ({ url, address }) => {
  expect(parseQueueAddress(url)).toMatchObject(address);
});

it.each([
  '',
  'farm',
  'http://farm',
  'redis://secret@farm/x',
  'redis://:secret@farm/-1',
  'unix:///a?db=secret',
])('refuses %s, and does not show it', (url) => {
  expect(() => parseQueueAddress(url)).toThrow(UsageError);
  expect(() => parseQueueAddress(url)).not.toThrow('secret');
});
