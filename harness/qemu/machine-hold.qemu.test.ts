// SPDX-License-Identifier: MIT
import { copyFile, mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { InterruptedError } from '../errors.ts';
import { SZ_1M, physAddr, virtAddr } from '../memory/pfn.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { ramLayout } from '../memory/ram-layout.ts';
import { Machine } from './machine.ts';
import type { MachineConfig } from './machine-config.ts';

const OVMF = '/usr/share/OVMF';

/** Nothing is ever run here. */
const NOWHERE = virtAddr(0x10n);

const { signal } = new AbortController();
let temp: TempDir;
/** Has a name that QEMU's monitor and its options must not take apart. */
let folder: string;

beforeEach(async () => {
  temp = await makeTempDir();
  folder = join(temp.path, String.raw`a, "b"\c`);
  await mkdir(folder);
});

afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

/** A small machine that has only its firmware, which has come up. */
async function startFirmware(changes: Partial<MachineConfig> = {}): Promise<Machine> {
  const vars = join(folder, 'vars.fd');
  await copyFile(`${OVMF}/OVMF_VARS_4M.fd`, vars);
  const config: MachineConfig = {
    binary: 'qemu-system-x86_64',
    accel: 'tcg',
    cpus: 2,
    memoryMiB: 128,
    firmware: { code: `${OVMF}/OVMF_CODE_4M.fd`, vars },
    disks: [],
    folder,
    ...changes,
  };
  const machine = await Machine.start(config, { signal });
  await new Promise<void>((resolve) => {
    let screen = '';
    machine.console.onBytes((bytes) => {
      screen += Buffer.from(bytes).toString('latin1');
      if (screen.includes('BdsDxe: ')) resolve();
    });
  });
  return machine;
}

const statusOf = async (machine: Machine): Promise<string> =>
  (await machine.qmp.execute('query-status', {})).status;

/** Where the first CPU is time and again, in hex: it waits there, and will come by once more. */
async function idleAddress(machine: Machine): Promise<string> {
  const found: string[] = [];
  for (;;) {
    await machine.pause();
    found.push(/RIP=([0-9a-f]{16})/.exec(await machine.registers())?.[1] ?? '');
    await machine.resume();
    const last = found.slice(-4);
    if (last.length === 4 && new Set(last).size === 1) return last.join().slice(0, 16);
    // On a busy host a CPU may not have run at all in a shorter time.
    await delay(100);
  }
}

it('holds the machine at an address, again and again, and lets it run on', async () => {
  await using machine = await startFirmware();
  const idle = await idleAddress(machine);
  for (let round = 0; round < 2; round += 1) {
    await using hold = await machine.holdAt(virtAddr(BigInt(`0x${idle}`)), signal);
    expect(await hold.stopped(signal)).toEqual({ kind: 'held', cpu: 0 });
    expect(await statusOf(machine)).toBe('debug');
    expect(await machine.registers()).toContain(`RIP=${idle}`);
    await hold.release(signal);
    expect(await statusOf(machine)).toBe('running');
    expect(await readdir(join(folder, 'qemu'))).toEqual([]);
  }
});

it('can be released before the machine gets there, and ignores a pause', async () => {
  await using machine = await startFirmware();
  await using hold = await machine.holdAt(NOWHERE, signal);
  const abort = new AbortController();
  const stopped = hold.stopped(abort.signal);
  await machine.pause();
  await machine.resume();
  expect(await statusOf(machine)).toBe('running');
  abort.abort();
  await expect(stopped).rejects.toThrow(InterruptedError);
  await hold.release(signal);
  expect(await statusOf(machine)).toBe('running');
});

it('reports a machine that ends instead', async () => {
  await using machine = await startFirmware();
  await using hold = await machine.holdAt(NOWHERE, signal);
  const stopped = hold.stopped(signal);
  await machine[Symbol.asyncDispose]();
  expect(await stopped).toMatchObject({
    kind: 'machine-ended',
    end: { cause: 'host-qmp-quit', exitCode: 0 },
  });
  expect(await readdir(folder)).toEqual(['vars.fd']);
});

it('leaves no socket when it is interrupted before it is set', async () => {
  await using machine = await startFirmware();
  await expect(machine.holdAt(NOWHERE, AbortSignal.abort())).rejects.toThrow(InterruptedError);
  expect(await readdir(join(folder, 'qemu'))).toEqual([]);
});

it('has memory below and above 4 GiB where ramLayout() says', async () => {
  const memoryMiB = 3072;
  await using machine = await startFirmware({ memoryMiB });
  await using ram = await machine.openRam();
  expect(ram.place.size).toBe(memoryMiB * SZ_1M);
  await using memory = await open(`/proc/${machine.pid}/mem`, 'r+');
  for (const { range, ramOffset } of ramLayout(memoryMiB)) {
    for (const [address, offset] of [
      [range.start, ramOffset],
      [range.end - 16, ramOffset + range.end - range.start - 16],
    ] as const) {
      const mark = Buffer.from(address.toString(16).padStart(16, '#'));
      await memory.write(mark, 0, mark.length, ram.place.start + offset);
      expect(Buffer.from(await machine.readPhys(physAddr(address), 16))).toEqual(mark);
    }
  }
});
