// SPDX-License-Identifier: MIT
/** What an operator does wrong with a queue: each has one line, and its exit status. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { startSshServer, type SshServer } from '../store/testing/ssh-server.ts';
import { askedCells, askedRun } from '../queue/testing/asked-cells.ts';
import { type RedisServer, connectTo, startRedis } from '../queue/testing/redis-server.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { runSub1m } from '../testing/run-sub1m.ts';

const SECRET = 'open-sesame';
let redis: RedisServer;
let ssh: SshServer;
let temp: TempDir;
beforeAll(async () => {
  ssh = await startSshServer();
  redis = await startRedis(['--requirepass', SECRET]);
  temp = await makeTempDir();
});
afterAll(async () => {
  await ssh[Symbol.asyncDispose]();
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
  readonly store?: (() => string) | undefined;
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
    what: 'a password of the store that all see',
    args: (url) => ['--queue', url, '--store', `sftp://me:${SECRET}@host/store`],
    says: 'all users of this host see a password on a command line; set SUB1M_STORE',
    status: 64,
  },
  {
    what: 'a wrong password of the store',
    store: () => ssh.url(temp.path, `hostkey=${ssh.fingerprint}`).replace('@', `:${SECRET}@`),
    args: (url) => ['--queue', url, '--store', 'env'],
    says: 'the server lets nobody in with that user, password or key',
    status: 64,
  },
  {
    what: 'no server of the store',
    store: () => `s3+http://me:${SECRET}@127.0.0.1:2/cells`,
    args: (url) => ['--queue', url, '--store', 'env'],
    says: 'Cannot reach the store s3+http://127.0.0.1:2/cells: connect ECONNREFUSED',
    status: 69,
  },
  {
    what: 'what is no URL',
    args: (_, store) => ['--queue', `x:${SECRET}@host`, '--store', store],
    says: 'Cannot use that as a queue: expected the URL of a Redis server',
    status: 64,
  },
];

describe.each(['worker', 'run'])('sub1m %s', (command) => {
  it.each(MISTAKES)('with $what', async ({ url, store, args, says, status }) => {
    const words = [command, ...args(redis.url, temp.path)];
    if (command === 'run') words.push('--results', join(temp.path, 'never'));
    const env = { SUB1M_QUEUE: url?.() ?? '', SUB1M_STORE: store?.() ?? '', SSH_AUTH_SOCK: '' };
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

it('sub1m queue --json is what its schema says, with a run that nobody works for', async () => {
  await using server = await connectTo({ url: withPassword(SECRET) });
  const { run } = askedRun(server, {
    run: { key: 'run-1', name: 'run', priority: 0, cells: 3 },
  });
  await using asked = run;
  await asked.put(askedCells(3));
  const env = { SUB1M_QUEUE: withPassword(SECRET) };
  const { stdout } = await runSub1m(['queue', '--json'], env);
  const document = parseDocument('queue', stdout);
  expect(document.runs).toMatchObject([{ name: 'run', waiting: 3, secondsLeft: null }]);
  expect(document.runs[0]?.stuck).toContain('there is no worker');
  expect((await runSub1m(['queue'], env)).stdout).toContain(
    'run: 0 of 3 cells done, 0 running, 3 waiting; there is no worker',
  );
});

it('sub1m worker --log json says all in JSON lines, errors as well', async () => {
  const worker = ['worker', '--store', temp.path, '--log', 'json', '--drain', '--metrics', '0'];
  const { stderr, status } = await runSub1m(worker, { SUB1M_QUEUE: withPassword(SECRET) });
  const lines = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(status).toBe(0);
  expect(lines).toEqual([
    expect.objectContaining({ level: 'info', url: expect.stringMatching(/^http:/) as string }),
    expect.objectContaining({ message: expect.stringContaining('waiting for cells') as string }),
    expect.objectContaining({ message: 'ran 0 cells', cells: 0 }),
  ]);
  const refused = await runSub1m(worker, { SUB1M_QUEUE: withPassword('guess') });
  expect(JSON.parse(refused.stderr)).toMatchObject({ level: 'error', code: 'E_USAGE' });
  expect(refused.status).toBe(64);
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
