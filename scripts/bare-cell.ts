// SPDX-License-Identifier: MIT
import { mkdir } from 'node:fs/promises';
import { type Server, type Socket, createServer } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import type { CellSpec } from '../harness/bundle/cell-record.ts';
import { machineDisks, makeCellDisks } from '../harness/cell/cell-disks.ts';
import type { CellHost } from '../harness/cell/cell-host.ts';
import { captureCmdline, systemCmdline } from '../harness/cell/command-line.ts';
import { copyVars } from '../harness/firmware/ovmf.ts';
import { requireGuestImage } from '../harness/guest-link/initramfs.ts';
import type { Kernel } from '../harness/kernel/require-kernel.ts';
import { CleanupStack } from '../harness/process/cleanup-stack.ts';
import { OwnedProcess } from '../harness/process/owned-process.ts';
import { type MachineConfig, socketFile, socketsOf } from '../harness/qemu/machine-config.ts';
import { qemuArgs } from '../harness/qemu/qemu-args.ts';

/** A cell's spec and kernel, and an absent folder for its disks. */
export interface BareJob {
  readonly spec: CellSpec;
  readonly kernel: Kernel;
  readonly folder: string;
}

/**
 * The floor that the harness is measured against: QEMU with a cell's images, told to load, crash, dump and power off
 * as soon as the guest is ready for each. Nothing is observed, recorded or judged.
 */
export async function runBareCell(
  job: BareJob,
  host: CellHost,
  signal: AbortSignal,
): Promise<void> {
  const { spec, kernel, folder } = job;
  await mkdir(folder);
  const { initrd, input } = await requireGuestImage(kernel, {
    cacheDir: host.cacheDir,
    signal,
    log: host.log,
  });
  const disks = await makeCellDisks(spec, { input, temp: folder, bundle: folder });
  const ovmf = await host.ovmf(spec.ovmf);
  const config: MachineConfig = {
    binary: host.qemu.binary,
    accel: (await host.accelerator(spec)).kind,
    cpus: spec.cpus,
    memoryMiB: spec.memoryMiB,
    firmware: { code: ovmf.code, vars: await copyVars(ovmf, folder) },
    kernel: kernel.image,
    initrd,
    cmdline: systemCmdline(spec),
    disks: machineDisks(disks),
    folder,
  };
  await using cleanups = new CleanupStack();
  for (const name of socketsOf(config)) {
    const server = await listen(
      join(folder, socketFile(name)),
      name === 'agent' ? steer(spec) : drain,
    );
    cleanups.defer(() => server.close());
  }
  const args = qemuArgs(config).filter((arg) => arg !== '-S');
  const qemu = cleanups.use(OwnedProcess.spawn([config.binary, ...args]));
  const { exitCode, stderr } = await qemu.ended;
  if (exitCode !== 0) throw new Error(`QEMU ended with ${exitCode}: ${stderr}`);
}

async function listen(path: string, onConnect: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onConnect).listen(path);
  await once(server, 'listening');
  return server;
}

function drain(socket: Socket): void {
  socket.resume();
}

/** Sends each command once the answer before it has come. */
function steer(spec: CellSpec): (socket: Socket) => void {
  const turns: [answer: string, command: string][] = [
    ['ok 1 - hello', `load ${spec.load} ${captureCmdline(spec)}`],
    ['ok 1 - load', 'trigger sysrq'],
    ['ok 1 - hello', 'dump all'],
    ['ok 1 - dump', 'poweroff'],
  ];
  return (socket) => {
    let said = '';
    socket.on('data', (bytes) => {
      said += bytes.toString('latin1');
      const [answer, command] = turns[0] ?? [];
      const at = answer === undefined ? -1 : said.indexOf(answer);
      if (at < 0) return;
      said = said.slice(at + 1);
      turns.shift();
      socket.write(`${command}\n`);
    });
  };
}
