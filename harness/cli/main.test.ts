// SPDX-License-Identifier: MIT
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { runCommand } from '../testing/run-command.ts';
import { SUB1M_FROM_SOURCE, runSub1m, startSub1m } from '../testing/run-sub1m.ts';

/** Makes Node's own `readdir()` throw what it never throws. */
const BREAK_READDIR = `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  fs.promises.readdir = async () => { throw new TypeError('broken'); };
  syncBuiltinESMExports();`;

/** Throws once the program listens for Ctrl-C. */
const THROW_LATE = `process.on('newListener', (name) => {
  if (name === 'SIGINT') setImmediate(() => { throw new TypeError('late'); });
});`;

// Each starts a process, which takes a second or two.
describe('sub1m', { timeout: 30_000 }, () => {
  it.each([
    ['no command', [], 'Usage: sub1m'],
    ['an unknown command', ['frobnicate'], "unknown command 'frobnicate'"],
    ['a kernel that does not exist', ['check', '/no/such/bzImage'], '/no/such/bzImage'],
    ['a wrong value of an axis', ['check', 'x', '--load', 'kexec'], 'kexec_file_load'],
    ['no CPUs', ['check', 'x', '--cpus', '0'], '--cpus'],
    ['an unknown reporter', ['check', 'x', '--reporter', 'xml'], 'Cannot use reporter "xml"'],
    ['a shard that is none', ['run', '--shard', '4/3'], 'Cannot take shard "4/3"'],
    ['an unknown matrix', ['run', 'weekly'], 'give its path, or one of configs, default'],
    ['results that are no results', ['judge', '/no/such/folder'], 'Cannot judge /no/such/folder'],
  ])('refuses %s, with 64', async (_what, args, message) => {
    const end = await runSub1m(args);
    expect(end.stderr).toContain(message);
    expect(end).toMatchObject({ status: 64, stdout: '' });
  });

  it.each([
    ['no kernel at all', 'just some text\n', 'bzImage'],
    ['an empty file', '', 'bzImage'],
  ])('refuses a kernel that is %s, with 65', async (_what, content, message) => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'image');
    await writeFile(path, content);
    const end = await runSub1m(['check', path, '--results', join(temp.path, 'results')]);
    expect(end.stderr).toContain(message);
    expect(end.status).toBe(65);
    expect(await readdir(temp.path)).toEqual(['image']);
  });

  it('says what to install where there is no OVMF or no QEMU, with 69', async () => {
    const noQemu = await runSub1m(['check', 'x'], { PATH: '/nonexistent' });
    expect(noQemu.stderr).toContain('install the package qemu-system-x86');
    expect(noQemu.status).toBe(69);
  });

  it('prints its version to standard output', async () => {
    expect(await runSub1m(['--version'])).toMatchObject({ status: 0, stdout: '0.1.0\n' });
  });

  it('says the same when it runs from TypeScript', async () => {
    const args = ['model', '--layout', 'thread-2021', '--history', '0x10'];
    const end = await runSub1m(args);
    expect(end.status).toBe(0);
    expect(await runCommand([...SUB1M_FROM_SOURCE, ...args])).toEqual(end);
  });

  it('names the sources in the stack of a bug, with 70', async () => {
    const { status, stderr } = await runSub1m(['model', '--layout', 'x1c7'], {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(BREAK_READDIR)}`,
    });
    expect(stderr).toMatch(/^sub1m: a bug of ours; please report it\nTypeError: broken\n/);
    expect(stderr).toMatch(
      / at (?:async )?readLayout \(\/.+\/harness\/layout\/read-layout\.ts:\d+:\d+\)$/m,
    );
    expect(stderr).not.toContain('/dist/');
    expect(status).toBe(70);
  });

  it.each([
    ['a command', ['doctor'], 70],
    ['a bisection', ['check', 'x', '--bisect-run'], 128 + 70],
  ])(
    'ends %s without a verdict when something is thrown that nobody awaits',
    async (_, args, code) => {
      const { status, stderr } = await runSub1m(args, {
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(THROW_LATE)}`,
      });
      expect(stderr).toContain('sub1m: a bug of ours; please report it\nTypeError: late\n');
      expect(status).toBe(code);
    },
  );

  it('says nothing of a reader that has seen enough', async () => {
    const { child, ended } = startSub1m(['check', '--help']);
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ status: 0, stderr: '' });
  });

  it.each(['run', 'check', 'bisect', 'model', 'build', 'kernels', 'shell', 'judge', 'doctor'])(
    'prints help on %s to standard output, with an example',
    async (command) => {
      const end = await runSub1m([command, '--help']);
      expect(end.stdout).toMatch(new RegExp(`^Examples?:\\n  # .*\\n  sub1m ${command}`, 'm'));
      expect(end.status).toBe(0);
    },
  );
});
