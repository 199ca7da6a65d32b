// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdtemp,
  readFile,
  readdir,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { InterruptedError, QmpError } from '../errors.ts';
import { SZ_1M, physAddr } from '../memory/pfn.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { Machine } from './machine.ts';
import type { MachineConfig } from './machine-config.ts';

/** Where Debian and Ubuntu have it; finding it elsewhere is the business of `firmware/`. */
const OVMF = '/usr/share/OVMF';

const { signal } = new AbortController();
let folder: TempDir;

beforeEach(async () => {
  folder = await makeTempDir();
});

afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

/** A small machine that has only its firmware. */
async function firmwareOnly(changes: Partial<MachineConfig> = {}): Promise<MachineConfig> {
  const vars = join(folder.path, 'vars.fd');
  await copyFile(`${OVMF}/OVMF_VARS_4M.fd`, vars);
  return {
    binary: 'qemu-system-x86_64',
    accel: 'tcg',
    cpus: 2,
    memoryMiB: 128,
    firmware: { code: `${OVMF}/OVMF_CODE_4M.fd`, vars },
    disks: [],
    folder: folder.path,
    ...changes,
  };
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

it('runs the firmware, shows its registers and memory, and leaves nothing behind', async () => {
  const heard: string[] = [];
  const machine = await Machine.start(await firmwareOnly(), {
    signal,
    onQmp: (line) => heard.push(line),
  });
  await using disposing = machine;
  expect(isAlive(disposing.pid)).toBe(true);
  const console = new Promise<Uint8Array>((resolve) => {
    machine.console.onBytes(resolve);
  });
  expect((await console).length).toBeGreaterThan(0);

  await machine.pause();
  expect(await machine.registers()).toMatch(/CPU#0\r\nRAX=[^]*CPU#1\r\nRAX=/);
  const code = await readFile(`${OVMF}/OVMF_CODE_4M.fd`);
  const resetVector = await machine.readPhys(physAddr(0xffff_fff0), 16);
  expect(resetVector).toEqual(code.subarray(-16));
  await machine.sendBreak();
  await machine.resume();

  await machine[Symbol.asyncDispose]();
  expect(await machine.ended).toEqual({
    cause: 'host-qmp-quit',
    exitCode: 0,
    signal: undefined,
    stderr: '',
  });
  expect(isAlive(machine.pid)).toBe(false);
  expect(await readdir(folder.path)).toEqual(['vars.fd']);
  expect(heard[0]).toBe('{"execute":"qmp_capabilities","arguments":{},"id":1}');
  expect(heard.some((line) => line.includes('"reason": "host-qmp-quit"'))).toBe(true);
});

it.each<{ title: string; changes: Partial<MachineConfig>; message: RegExp }>([
  {
    title: 'a disk that is not there',
    changes: { disks: [{ serial: 'out', path: '/nowhere/a,b', readonly: false }] },
    message: /^Cannot start QEMU: QEMU ended with exit status 1: .*'\/nowhere\/a,b'.*No such file/,
  },
  {
    title: 'more memory than there is',
    changes: { memoryMiB: 2 ** 40 },
    message: /^Cannot start QEMU: QEMU ended with exit status 1: .*memory/i,
  },
  {
    title: 'no QEMU',
    changes: { binary: '/nowhere/qemu' },
    message: /^Cannot start QEMU: QEMU ended with exit status 127: .*\/nowhere\/qemu: No such file/,
  },
  {
    title: 'a kernel that is none',
    changes: { kernel: '/dev/null' },
    message: /^Cannot start QEMU: QEMU ended with exit status 1: /,
  },
])('reports the standard error of a QEMU that dies of $title', async ({ changes, message }) => {
  const config = await firmwareOnly(changes);
  await expect(Machine.start(config, { signal })).rejects.toThrow(message);
  expect(await readdir(folder.path)).toEqual(['vars.fd']);
});

it.each([
  { killedBy: 'SIGKILL', cause: 'crashed', exitCode: undefined, signal: 'SIGKILL' },
  { killedBy: 'SIGTERM', cause: 'host-signal', exitCode: 0, signal: undefined },
] as const)('tells of a QEMU that gets $killedBy: $cause', async ({ killedBy, ...end }) => {
  await using machine = await Machine.start(await firmwareOnly(), { signal });
  process.kill(machine.pid, killedBy);
  expect(await machine.ended).toMatchObject(end);
  await expect(machine.pause()).rejects.toThrow(
    new QmpError('Cannot execute QMP "stop": QEMU closed the connection'),
  );
});

it('keeps QEMU in a box: it starts no program, gains no rights, and has its limits', async () => {
  await using machine = await Machine.start(await firmwareOnly(), { signal });
  const status = await readFile(`/proc/${machine.pid}/status`, 'utf8');
  expect(status).toMatch(/^NoNewPrivs:\s1$/m);
  // SECCOMP_MODE_FILTER.
  expect(status).toMatch(/^Seccomp:\s2$/m);
  const limits = await readFile(`/proc/${machine.pid}/limits`, 'utf8');
  const bytes = String((128 + 4096) * SZ_1M);
  for (const [name, limit] of Object.entries({ data: bytes, file: bytes, core: '0' })) {
    expect(limits).toMatch(new RegExp(`^Max ${name} (?:file )?size +${limit} +${limit} `, 'm'));
  }
  // QEMU's own way to start a program.
  machine.qmp.execute('migrate', { uri: 'exec:true' }).catch(() => {});
  expect((await machine.ended).signal).toBe('SIGSYS');
});

it('lets no QEMU run as root, and gives it no group of ours', async () => {
  await using machine = await Machine.start(await firmwareOnly(), { signal });
  await using other = await Machine.start(
    await firmwareOnly({ folder: await mkdtemp(join(folder.path, 'b-')) }),
    {
      signal,
    },
  );
  const [one, two] = await Promise.all([machine, other].map(({ pid }) => idsOf(pid)));
  const [uid, ...rest] = one?.Uid ?? [];
  expect(rest).toEqual([uid, uid, uid]);
  expect(uid).not.toBe(0);
  if (process.getuid?.() !== 0) return;
  expect(one).toMatchObject({ Gid: [uid, uid, uid, uid], Groups: [] });
  // Of two machines neither can look into the other.
  expect(two?.Uid).not.toEqual(one?.Uid);
});

/** The users and groups of a process, from proc_pid_status(5). */
async function idsOf(pid: number): Promise<Record<'Uid' | 'Gid' | 'Groups', number[]>> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const ids = (name: string): number[] =>
    (new RegExp(`^${name}:(.*)$`, 'm').exec(status)?.[1] ?? '').match(/\d+/g)?.map(Number) ?? [];
  return { Uid: ids('Uid'), Gid: ids('Gid'), Groups: ids('Groups') };
}

it('gives QEMU what only we may read, and nothing else of it', async () => {
  const kernel = join(folder.path, 'kernel');
  await writeFile(kernel, new Uint8Array(64 * 1024), { mode: 0o600 });
  await using machine = await Machine.start(await firmwareOnly({ kernel }), { signal });
  expect(isAlive(machine.pid)).toBe(true);
  expect((await stat(kernel)).mode & 0o777).toBe(0o600);
});

it('reaps a QEMU that no longer reacts', async () => {
  const machine = await Machine.start(await firmwareOnly(), { signal });
  process.kill(machine.pid, 'SIGSTOP');
  await machine[Symbol.asyncDispose]();
  expect(await machine.ended).toMatchObject({ cause: 'crashed', signal: 'SIGKILL' });
  expect(isAlive(machine.pid)).toBe(false);
});

it('leaves nothing behind when interrupted, before QEMU answers or after', async () => {
  const abort = new AbortController();
  const config = await firmwareOnly();
  const machine = await Machine.start(config, { signal: abort.signal });
  abort.abort();
  await expect(machine.registers()).rejects.toThrow(InterruptedError);
  await expect(machine.pause()).rejects.toThrow(InterruptedError);
  await machine[Symbol.asyncDispose]();
  expect(await machine.ended).toMatchObject({ cause: 'host-qmp-quit' });

  const start = Machine.start(config, { signal: abort.signal });
  await expect(start).rejects.toThrow(
    new InterruptedError('Interrupted while waiting for QEMU to start'),
  );
  expect(await readdir(folder.path)).toEqual(['vars.fd']);
});

it('stops the machine and says so if a disk of the host fails', async () => {
  const [rules, image] = [join(folder.path, 'rules'), join(folder.path, 'disk.img')];
  await writeFile(rules, '[inject-error]\nevent = "read_aio"\nerrno = "28"\n');
  await writeFile(image, '');
  await truncate(image, 1024 * 1024);
  // blkdebug opens its files itself, as QEMU's user.
  await chmod(folder.path, 0o711);
  await chmod(image, 0o666);
  const path = `blkdebug:${rules}:${image}`;
  const config = await firmwareOnly({ disks: [{ serial: 'out', path, readonly: false }] });
  await using machine = await Machine.start(config, { signal });
  expect((await machine.hostFailure).message).toBe(
    `Cannot read the disk ${path}: No space left on device`,
  );
  expect(await machine.qmp.execute('query-status', {})).toEqual({ status: 'io-error' });
});
