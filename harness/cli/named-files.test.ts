// SPDX-License-Identifier: MIT
/** Each command that takes a file, given what is none: one line, and an end by one signal. */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readlink, truncate, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { leftBehind, runSub1m, startSub1m } from '../testing/run-sub1m.ts';
import { elfHeaders } from '../vmcore/testing/elf-builder.ts';

let temp: TempDir;
const at = (name: string): string => join(temp.path, name);

beforeAll(async () => {
  temp = await makeTempDir();
  await mkdir(at('cell'));
  await mkdir(at('folder.json'));
  for (const name of ['pipe', 'pipe.json', 'cell/cell.json', 'packed.zst']) {
    execFileSync('mkfifo', [at(name)]);
  }
});

afterAll(async () => {
  await temp[Symbol.asyncDispose]();
});

/** Command lines, with {} for the folder, and the file in it that they read. */
const COMMANDS = [
  { line: 'inspect {}/pipe', reads: 'pipe' },
  { line: 'inspect {}/cell', reads: 'cell' },
  { line: 'inspect {}/packed', reads: 'packed.zst' },
  { line: 'inspect /dev/zero', reads: '/dev/zero' },
  { line: 'model --layout /dev/zero', reads: '/dev/zero' },
  { line: 'model --layout {}/folder.json', reads: 'folder.json' },
  { line: 'run {}/pipe.json', reads: 'pipe.json' },
  { line: 'check debian:6.12 --known {}/pipe', reads: 'pipe' },
  { line: 'check debian:6.12 --layout {}/pipe', reads: 'pipe' },
  { line: 'check debian:6.12 --history {}/pipe', reads: 'pipe' },
  { line: 'run --history {}/folder.json', reads: 'folder.json' },
  { line: 'history {}/folder.json', reads: 'folder.json' },
  { line: 'history /dev/zero', reads: '/dev/zero' },
  { line: 'check {}/pipe', reads: 'pipe' },
  { line: 'build recipe:{}/pipe.json', reads: 'pipe.json' },
  { line: 'judge {}/cell', reads: 'cell/cell.json' },
  { line: 'bisect --from {}/cell', reads: 'cell/cell.json' },
];

describe('a command that is given no file', { timeout: 60_000 }, () => {
  it.each(COMMANDS)('"$line" ends with one line and 65', async ({ line, reads }) => {
    const words = line.replace('{}', temp.path).split(' ');
    const { status, stdout, stderr } = await runSub1m(words);
    expect({ status, stdout }).toEqual({ status: 65, stdout: '' });
    expect(stderr).toMatch(/^sub1m: Cannot (?:read|use) .+: expected a .+, found a .+\n$/);
    expect(stderr).toContain(resolve(temp.path, reads));
  });

  it.each(['check debian:6.12 --ovmf {}/pipe'])('"%s" ends with one line and 64', async (line) => {
    const { status, stderr } = await runSub1m(line.replace('{}', temp.path).split(' '));
    expect(status).toBe(64);
    expect(stderr).toMatch(/^sub1m: Cannot find the firmware .+\n$/);
  });
});

/** Resolves once a process has opened a file. */
async function hasOpened(pid: number, path: string): Promise<void> {
  for (;;) {
    const fds = await readdir(`/proc/${pid}/fd`);
    const paths = await Promise.all(
      fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')),
    );
    if (paths.includes(path)) return;
    await delay(20);
  }
}

describe('one signal', { timeout: 60_000 }, () => {
  it.each([
    { name: 'SIGTERM', ends: 143 },
    { name: 'SIGINT', ends: 130 },
  ] as const)('$name ends the wait for a pipe', async ({ name, ends }) => {
    const { child, ended } = startSub1m(['model', '--layout', at('pipe')]);
    await hasOpened(child.pid ?? 0, at('pipe'));
    child.kill(name);
    const { status, stdout } = await ended;
    expect({ status, stdout }).toEqual({ status: ends, stdout: '' });
  });

  it('ends the search of a large dump', async () => {
    const path = at('large');
    const memoryBytes = 2 ** 35;
    await writeFile(path, elfHeaders([{ offset: 0x1000, memoryBytes }]));
    await truncate(path, 0x1000 + memoryBytes);
    const { child, ended } = startSub1m(['inspect', path]);
    await hasOpened(child.pid ?? 0, path);
    const sentAt = performance.now();
    child.kill('SIGTERM');
    const { status, stdout } = await ended;
    expect({ status, stdout }).toEqual({ status: 143, stdout: '' });
    expect(performance.now() - sentAt).toBeLessThan(5000);
    expect(leftBehind(child.pid)).toEqual([]);
  });
});
