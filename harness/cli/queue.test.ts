// SPDX-License-Identifier: MIT
/** What an operator does wrong with a queue: each has one line, and its exit status. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { type RedisServer, startRedis } from '../queue/testing/redis-server.ts';
import { runSub1m } from '../testing/run-sub1m.ts';

const SECRET = 'open-sesame';
let redis: RedisServer;
let temp: TempDir;
beforeAll(async () => {
  redis = await startRedis(['--requirepass', SECRET]);
  temp = await makeTempDir();
});
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

/** The URL with a password. */
function withPassword(password: string): string {
  return redis.url.replace('unix://', `unix://:${password}@localhost`);
}

interface Mistake {
  readonly what: string;
  readonly url?: (() => string) | undefined;
  readonly args: (url: string, store: string) => readonly string[];
  readonly says: string;
  readonly status: number;
}

const MISTAKES: readonly Mistake[] = [
  {
    what: 'no server',
    args: (_, store) => ['--queue', 'redis://127.0.0.1:1', '--store', store],
    says: 'Cannot reach the queue redis://127.0.0.1:1/0: connect ECONNREFUSED',
    status: 69,
  },
  {
    what: 'no password',
    args: (url, store) => ['--queue', url, '--store', store],
    says: 'the server lets nobody in with that user and password',
    status: 64,
  },
  {
    what: 'a wrong password',
    url: () => withPassword('guess'),
    args: (_, store) => ['--queue', 'env', '--store', store],
    says: 'the server lets nobody in with that user and password',
    status: 64,
  },
  {
    what: 'a password that all see',
    args: (_, store) => ['--queue', withPassword(SECRET), '--store', store],
    says: 'all users of this host see a password on a command line',
    status: 64,
  },
  {
    what: 'no URL in the environment',
    args: (_, store) => ['--queue', 'env', '--store', store],
    says: 'expected its URL in SUB1M_QUEUE, found none',
    status: 64,
  },
  {
    what: 'no store',
    args: (url) => ['--queue', url],
    says: 'Cannot use a queue without a store: expected --store',
    status: 64,
  },
  {
    what: 'a store that is not there',
    args: (url) => ['--queue', url, '--store', '/nowhere'],
    says: 'Cannot use the store /nowhere: expected a folder, found none',
    status: 64,
  },
  {
    what: 'what is no URL',
    args: (_, store) => ['--queue', `x:${SECRET}@host`, '--store', store],
    says: 'Cannot use that as a queue: expected the URL of a Redis server',
    status: 64,
  },
];

describe.each(['worker', 'run'])('sub1m %s', (command) => {
  it.each(MISTAKES)('with $what', async ({ url, args, says, status }) => {
    const words = [command, ...args(redis.url, temp.path)];
    if (command === 'run') words.push('--results', join(temp.path, 'never'));
    const env = { SUB1M_QUEUE: url?.() ?? '' };
    const { stderr, stdout, ...ended } = await runSub1m(words, env);
    expect(ended.status).toBe(status);
    expect(stderr).toContain(says);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(`${stdout}${stderr}`).not.toContain(SECRET);
  });
});

it('sub1m queue shows an empty queue to who has the password, and not the password', async () => {
  const { stdout, stderr, status } = await runSub1m(['queue'], {
    SUB1M_QUEUE: withPassword(SECRET),
  });
  expect([stdout, stderr, status]).toEqual([`${redis.url}: 0 runs, 0 workers\n`, '', 0]);
});

it.each([
  { args: ['--store', '/tmp'], says: 'Cannot use --store without --queue' },
  {
    args: ['--queue', 'redis://x', '--share-vmcores'],
    says: 'Cannot use --share-vmcores with --queue',
  },
])('sub1m run $args is refused', async ({ args, says }) => {
  const { stderr, status } = await runSub1m(['run', ...args]);
  expect(stderr).toContain(says);
  expect(status).toBe(64);
});
