// SPDX-License-Identifier: MIT
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { FAST_FIRMWARE } from '../testing/checked-cells.ts';
import { leftBehind, startSub1m, sub1mCommand } from '../testing/run-sub1m.ts';

const SHELL = ['shell', '--kernel', 'debian:6.12', ...FAST_FIRMWARE];

it('runs a command in the system kernel, with files that go in and come out, and gives its status', async () => {
  await using temp = await makeTempDir();
  const [mine, copy, iomem] = ['mine', 'copy', 'iomem'].map((name) => join(temp.path, name));
  await writeFile(`${mine}`, 'from here');
  const files = [
    '--put',
    `${mine}:/tmp/a`,
    '--get',
    `/tmp/b:${copy}`,
    '--get',
    `/proc/iomem:${iomem}`,
  ];
  const command = 'head -3 /proc/iomem; echo over there >&2; mv /tmp/a /tmp/b; exit 7';
  const { child, ended } = startSub1m([...SHELL, ...files, '--', command]);
  const { status, stdout, stderr } = await ended;
  expect(stderr).toContain('over there\n');
  expect(stdout).toMatch(/^00000000-00000fff : Reserved\n(.*\n){2}$/);
  expect(status).toBe(7);
  expect(await readFile(`${copy}`, 'utf8')).toBe('from here');
  expect(await readFile(`${iomem}`, 'utf8')).toContain(stdout);
  expect(leftBehind(child.pid)).toEqual([]);
});

it('runs a program with its arguments in the capture kernel', async () => {
  const words = ['--in', 'capture', '--', 'ls', '-l', '/proc/vmcore', '/no such file'];
  const { status, stdout, stderr } = await startSub1m([...SHELL, ...words]).ended;
  expect(stderr).toContain('ls: /no such file: No such file or directory\n');
  expect(stdout).toMatch(/^-r-------- .* \/proc\/vmcore\n$/);
  expect(status).toBe(1);
});

it('runs a command on the console of a kernel that may have no network', async () => {
  const { child, ended } = startSub1m([...SHELL, '--serial', '--', 'ls /sys/class/net; exit 3']);
  expect(await ended).toMatchObject({ status: 3, stdout: 'lo\n' });
  expect(leftBehind(child.pid)).toEqual([]);
});

it('gives a terminal its prompt, every key, and its settings back when QEMU is killed', async () => {
  const words = [...sub1mCommand(), ...SHELL];
  const script = `stty rows 40 cols 123; stty -g; ${words.join(' ')}; echo "status $?"; stty -g`;
  const terminal = spawn('script', ['-qec', script, '/dev/null'], { stdio: 'pipe' });
  let shown = '';
  terminal.stdout.on('data', (bytes: Buffer) => {
    shown += bytes.toString();
  });
  const shows = async (text: string): Promise<void> => {
    await expect.poll(() => shown, { timeout: 240_000, interval: 100 }).toContain(text);
  };
  await shows('system:~# ');
  terminal.stdin.write('stty size; sleep 1000\r');
  await shows('40 123\r\n');
  // Ctrl-C is the guest's.
  terminal.stdin.write('\u0003');
  await shows('^C');
  terminal.stdin.write('echo $((6 * 7))\r');
  await shows('\n42\r\n');
  process.kill(qemuOf(terminal), 'SIGKILL');
  await once(terminal, 'close');
  const [before, after] = shown.match(/^[0-9a-f:]{20,}(?=\r$)/gm) ?? [];
  expect(shown).toContain('sub1m: Cannot go on with the session: QEMU ended with SIGKILL');
  expect(shown).toContain('status 69');
  expect(after).toBe(before);
});

/** The QEMU among the descendants of a process. */
function qemuOf({ pid }: ChildProcess): number {
  const family = new Set([pid]);
  const processes = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  for (const entry of processes.toSorted((one, other) => Number(one) - Number(other))) {
    const [, name, parent] = /\((.*)\) \S (\d+)/.exec(statOf(entry)) ?? [];
    if (!family.has(Number(parent))) continue;
    family.add(Number(entry));
    if (name?.startsWith('qemu-system')) return Number(entry);
  }
  throw new Error('There is no QEMU');
}

function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    // It has ended since the folder was read.
    return '';
  }
}
