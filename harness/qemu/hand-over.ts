// SPDX-License-Identifier: MIT
import { chmod, chown, copyFile, mkdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { HandedFiles } from './handed-files.ts';
import type { MachineConfig } from './machine-config.ts';
import type { QemuFolder } from './qemu-folder.ts';
import type { QemuUser } from './qemu-user.ts';

/** Where files go for a QEMU, and whom it runs as. */
interface HandOver {
  readonly handed: HandedFiles;
  readonly folder: QemuFolder;
  readonly user: QemuUser | null;
}

/** Hands all files of a machine over to QEMU: the same machine, with the paths that QEMU knows them by. */
export async function handOver(config: MachineConfig, to: HandOver): Promise<MachineConfig> {
  const { handed } = to;
  const { firmware, kernel, initrd, disks, personality, incoming, debugger: socket } = config;
  const file = async (path: string): Promise<string> => handed.path(await readable(path, to));
  return {
    ...config,
    firmware: {
      code: await handed.image(firmware.code, true),
      vars: await handed.image(firmware.vars, false),
    },
    ...(kernel !== undefined && { kernel: await file(kernel) }),
    ...(initrd !== undefined && { initrd: await file(initrd) }),
    disks: await Promise.all(
      disks.map(async (disk) => ({ ...disk, path: await handed.image(disk.path, disk.readonly) })),
    ),
    ...(personality && {
      personality: {
        ...personality,
        rom: await file(personality.rom),
        layout: await file(personality.layout),
      },
    }),
    ...(incoming !== undefined && { incoming: await handed.stream(incoming) }),
    ...(socket !== undefined && { debugger: await newSocket(socket, to) }),
    folder: to.folder.seen('.'),
  };
}

/** A socket that QEMU makes, in a folder of its own. */
async function newSocket(path: string, { handed, user }: HandOver): Promise<string> {
  const parent = dirname(path);
  await mkdir(parent);
  if (user) await chown(parent, user.uid, user.uid);
  return join(await handed.path(parent), basename(path));
}

/** A file that QEMU's user may read: itself, or a copy of one that only we may. */
async function readable(path: string, { folder, user }: HandOver): Promise<string> {
  const info = user ? await stat(path).catch(() => undefined) : undefined;
  if (info === undefined || (info.mode & 0o004) !== 0) return path;
  const copy = folder.newPath();
  await copyFile(path, copy);
  await chmod(copy, 0o444);
  return copy;
}
