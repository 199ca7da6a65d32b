// SPDX-License-Identifier: MIT
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { copyVars, requireOvmf } from '../firmware/ovmf.ts';
import { GuestAgent } from '../guest-link/guest-agent.ts';
import { requireGuestImage } from '../guest-link/initramfs.ts';
import { readObservedTar } from '../guest-link/observed-tar.ts';
import { requireKernel } from '../kernel/require-kernel.ts';
import { silentLog } from '../log.ts';
import { parseKallsyms } from '../memory/kallsyms.ts';
import { pageCrcs } from '../memory/page-crcs.ts';
import { PAGE_SIZE, SZ_1M, type VirtAddr, physAddr } from '../memory/pfn.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { ramLayout } from '../memory/ram-layout.ts';
import { sha256 } from '../process/file-hash.ts';
import { Machine } from '../qemu/machine.ts';
import type { MachineConfig } from '../qemu/machine-config.ts';
import { type ByteSource, bytesSource } from '../vmcore/dump/byte-source.ts';
import { elfMemory } from '../vmcore/dump/elf-memory.ts';
import { readElfCore } from '../vmcore/dump/elf.ts';
import { flattenedSource } from '../vmcore/dump/flattened.ts';
import { machineDisks, makeCellDisks } from './cell-disks.ts';
import { hashRam } from './hash-pages.ts';
import { captureCmdline, systemCmdline } from './command-line.ts';
import { cellSpec } from './testing/running-cell-builder.ts';
import { writeCore } from './write-core.ts';

const { signal } = new AbortController();
const cacheDir = join(homedir(), '.cache/sub1m');
const MEMORY_MIB = 768;

interface Prepared {
  readonly config: MachineConfig;
  /** The disk that the system kernel's agent writes. */
  readonly system: string;
  readonly captureCmdline: string;
}

/** A machine with crashkernel. */
async function prepare(cpus: number, folder: string): Promise<Prepared> {
  const spec = cellSpec({ cpus, memoryMiB: MEMORY_MIB });
  const context = { cacheDir, mirror: undefined, signal, log: silentLog };
  const kernel = await requireKernel(spec.kernel, context);
  const image = await requireGuestImage(kernel, context);
  const disks = await makeCellDisks(spec, { input: image.input, temp: folder, bundle: folder });
  const ovmf = await requireOvmf();
  return {
    system: disks.system.path,
    captureCmdline: captureCmdline(spec) ?? '',
    config: {
      binary: 'qemu-system-x86_64',
      accel: 'tcg',
      cpus,
      memoryMiB: MEMORY_MIB,
      firmware: { code: ovmf.code, vars: await copyVars(ovmf, folder) },
      kernel: kernel.image,
      initrd: image.initrd,
      cmdline: systemCmdline(spec),
      disks: machineDisks(disks),
      folder,
    },
  };
}

/** Has the agent do a command that must succeed. */
async function ask(agent: GuestAgent, name: string, argument = ''): Promise<Map<string, string>> {
  const point = await agent.command(name, argument, signal);
  expect(point.ok).toBe(true);
  return new Map(point.values);
}

/** Where the guest's own kallsyms has `machine_kexec`. */
async function machineKexec(agent: GuestAgent, disk: string): Promise<VirtAddr> {
  const bytes = Number((await ask(agent, 'observe')).get('bytes'));
  const kallsyms = (await readObservedTar(disk, bytes)).get('kallsyms') ?? new Uint8Array();
  const address = parseKallsyms(Buffer.from(kallsyms).toString('latin1')).get('machine_kexec');
  if (address === undefined) throw new Error('The kernel has no machine_kexec');
  return address;
}

/** Looks up the hash of a page. */
function pageIn(packed: Uint8Array): (page: number) => number | undefined {
  const crcs = new Uint32Array(Uint8Array.from(gunzipSync(packed)).buffer);
  return (page) => {
    const start = page * PAGE_SIZE;
    const piece = ramLayout(MEMORY_MIB).find(
      ({ range }) => range.start <= start && start < range.end,
    );
    return piece && crcs[(piece.ramOffset + start - piece.range.start) / PAGE_SIZE];
  };
}

/** RIP of every CPU. */
function instructionPointers(registers: string): bigint[] {
  return [...registers.matchAll(/^RIP=([0-9a-f]{16})/gm)].map(([, digits]) =>
    BigInt(`0x${digits}`),
  );
}

/** The core that sub1m writes. */
async function savedCore(machine: Machine, folder: string): Promise<ByteSource> {
  const path = join(folder, 'ours');
  await using ram = await machine.openRam();
  writeCore({ head: await machine.coreHead(), ram: ram.place, path });
  return flattenedSource(bytesSource(readFileSync(path)));
}

/** The core that QEMU writes. */
async function qemuCore(machine: Machine, folder: string): Promise<ByteSource> {
  const path = join(folder, 'theirs');
  writeFileSync(path, '');
  // QEMU may be another user.
  chmodSync(folder, 0o777);
  chmodSync(path, 0o666);
  await machine.qmp.execute('dump-guest-memory', { paging: false, protocol: `file:${path}` });
  return bytesSource(readFileSync(path));
}

/** Hashes of the notes of a core, and of each MiB of RAM. */
function coreParts(core: ByteSource): unknown {
  const headers = readElfCore(core);
  const memory = elfMemory(core, headers);
  const starts = ramLayout(MEMORY_MIB).flatMap(({ range: { start, end } }) =>
    Array.from({ length: Math.ceil((end - start) / SZ_1M) }, (_, index) => start + index * SZ_1M),
  );
  return {
    notes: headers.notes.map(({ offset, fileBytes }) => sha256(core.read(offset, fileBytes))),
    memory: starts.map((start) =>
      sha256(memory.read(physAddr(start), start === 0 ? 0xa_0000 : SZ_1M)),
    ),
  };
}

it.each([1, 2])(
  'holds every one of %i CPUs at the kexec jump, where memory stands still',
  async (cpus) => {
    await using temp = await makeTempDir();
    const { config, system, captureCmdline: cmdline } = await prepare(cpus, temp.path);
    await using machine = await Machine.start(config, { signal });
    // A console that nobody reads holds its guest up.
    machine.console.onBytes(() => {});
    const agent = new GuestAgent(machine.agent);
    await agent.hello('system', signal);
    const vaddr = await machineKexec(agent, system);
    await ask(agent, 'load', `kexec_file_load ${cmdline}`);

    await using hold = await machine.holdAt(vaddr, signal);
    await ask(agent, 'trigger', 'sysrq');
    expect(await hold.stopped(signal)).toMatchObject({ kind: 'held' });
    const registers = await machine.registers();
    expect(instructionPointers(registers)).toHaveLength(cpus);
    expect(instructionPointers(registers)).toContain(vaddr);

    await using ram = await machine.openRam();
    const crcs = hashRam(ram.place);
    const crcOf = pageIn(crcs);
    for (const start of [0, SZ_1M, 256 * SZ_1M]) {
      const bytes = await machine.readPhys(physAddr(start), 0x8_0000);
      const first = start / PAGE_SIZE;
      const hashed = Array.from({ length: bytes.length / PAGE_SIZE }, (_, page) =>
        crcOf(first + page),
      );
      expect(hashed).toEqual([...pageCrcs(bytes)]);
    }
    expect(coreParts(await savedCore(machine, temp.path))).toEqual(
      coreParts(await qemuCore(machine, temp.path)),
    );
    expect(await machine.registers()).toBe(registers);
    expect(Buffer.compare(hashRam(ram.place), crcs)).toBe(0);

    await hold.release(signal);
    expect(await machine.qmp.execute('query-status', {})).toEqual({ status: 'running' });
    expect(await agent.hello('capture', signal)).toMatchObject({ role: 'capture' });
    await ask(agent, 'poweroff');
    expect(await machine.ended).toMatchObject({ cause: 'guest-shutdown' });
  },
);
