// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FormatError, InterruptedError, UsageError } from '../errors.ts';
import { sha256File } from './file-hash.ts';
import { openFile } from './open-file.ts';
import { readInput } from './read-input.ts';
import { type TempDir, makeTempDir } from './temp-dir.ts';

let temp: TempDir;
const server = createServer();
const at = (name: string): string => join(temp.path, name);

beforeAll(async () => {
  temp = await makeTempDir();
  await mkdir(at('folder'));
  await writeFile(at('file'), 'some text\n');
  await symlink('file', at('link'));
  await symlink('nowhere', at('dangling'));
  await symlink('loop', at('loop'));
  execFileSync('mkfifo', [at('pipe')]);
  server.listen(at('socket'));
  await once(server, 'listening');
});

afterAll(async () => {
  server.close();
  await temp[Symbol.asyncDispose]();
});

const missing = (why: string): string => `Cannot read it: ${why}`;

/** What reads a file that a user names. */
const READERS = [
  { name: 'openFile()', read: async (path: string) => Promise.resolve(openFile(path)) },
  { name: 'readInput()', read: (path: string) => readInput(path, { missing }) },
  { name: 'sha256File()', read: sha256File },
];

const OTHERS = [
  { path: 'folder', found: 'a folder; name a file in it' },
  { path: 'pipe', found: 'a pipe; save what it gives to a file first' },
  { path: 'socket', found: 'a socket; name a file' },
  { path: '/dev/zero', found: 'a character device; name a file' },
  { path: '/dev/null', found: 'a character device; name a file' },
];

describe.each(READERS)('$name', ({ read }) => {
  it.each(OTHERS)('opens no $path', async ({ path, found }) => {
    const named = path.startsWith('/') ? path : at(path);
    await expect(read(named)).rejects.toThrow(
      new FormatError(`Cannot read ${named}: expected a file, found ${found}`),
    );
  });
});

describe('openFile()', () => {
  it.each(['dangling', 'loop', 'nothing', 'file/in-a-file', 'x'.repeat(300)])(
    'says that there is no file %s',
    (name) => {
      expect(() => openFile(at(name))).toThrow(UsageError);
    },
  );

  it('follows a link, and sees when a file becomes shorter', async () => {
    await writeFile(at('shrinks'), Buffer.alloc(100));
    using file = openFile(at('shrinks'));
    expect(file.read(90, 10)).toHaveLength(10);
    await truncate(at('shrinks'), 95);
    const message = `Cannot read ${at('shrinks')}: it became shorter meanwhile`;
    expect(() => file.read(90, 10)).toThrow(new FormatError(message));
    using link = openFile(at('link'));
    expect(link.size).toBe(10);
  });
});

describe('readInput()', () => {
  it.each(['file', 'link'])('reads a %s', async (name) => {
    expect(await readInput(at(name), { missing })).toBe('some text\n');
  });

  it('reads a file whose size nobody knows', async () => {
    expect(await readInput('/proc/version', { missing })).toContain('Linux version');
  });

  it.each(['dangling', 'loop', 'nothing'])('says that there is no file %s', async (name) => {
    const reading = readInput(at(name), { missing });
    await expect(reading).rejects.toThrow(UsageError);
    await expect(reading).rejects.toThrow(/^Cannot read it: E/);
  });

  it('reads no more than it is allowed to', async () => {
    await expect(readInput(at('file'), { missing, limit: 9 })).rejects.toThrow(
      new FormatError(`Cannot read ${at('file')}: expected at most 9 bytes, found more`),
    );
  });

  it('reads a pipe if it is given a signal', async () => {
    const { signal } = new AbortController();
    const reading = readInput(at('pipe'), { missing, signal });
    await writeFile(at('pipe'), 'through a pipe\n');
    expect(await reading).toBe('through a pipe\n');
  });

  it('waits for a pipe that nobody writes into no longer than until the signal', async () => {
    const controller = new AbortController();
    const reading = readInput(at('pipe'), { missing, signal: controller.signal });
    setTimeout(() => {
      controller.abort(new InterruptedError('Interrupted by SIGTERM'));
    }, 50);
    await expect(reading).rejects.toThrow(InterruptedError);
  });

  it('does not begin with a signal that has fired', async () => {
    const signal = AbortSignal.abort(new InterruptedError('Interrupted by SIGTERM'));
    const reading = readInput(at('pipe'), { missing, signal });
    await expect(reading).rejects.toThrow(InterruptedError);
  });

  it('gives up a pipe that is silent', async () => {
    const { signal } = new AbortController();
    const reading = readInput(at('pipe'), { missing, signal, silenceMs: 50 });
    await expect(reading).rejects.toThrow(
      new FormatError(
        `Cannot read ${at('pipe')}: expected text from the pipe, found none in 0.05 s`,
      ),
    );
  });
});
