// SPDX-License-Identifier: MIT
import { mkdir, rename } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { PackageError } from '../errors.ts';
import { runCommand } from '../process/owned-process.ts';

/** What a kernel must have, built in or as modules, to reach a virtio disk. */
const DISK_DRIVERS = ['virtio_pci', 'virtio_blk'];

/** What tells QEMU where VMCOREINFO is; a kernel may do without. */
const VMCOREINFO_DRIVER = 'qemu_fw_cfg';

/** What it also needs to reach a network, which only the machines of `sub1m shell` have. */
const NETWORK_DRIVER = 'virtio_net';

/** The commands that decompress a module in place, by its extension (`CONFIG_MODULE_COMPRESS_*`). */
const DECOMPRESS = new Map<string, readonly string[]>([
  ['.xz', ['xz', '-d']],
  ['.zst', ['zstd', '-dq', '--rm']],
  ['.gz', ['gzip', '-d']],
]);

/** Not on the search path of an ordinary user. */
const MODINFO = '/sbin/modinfo';

/** The modules of an unpacked kernel. */
export interface ModuleTree {
  /** Where each module lies, by its name. */
  readonly modules: ReadonlyMap<string, string>;
  readonly builtin: ReadonlySet<string>;
}

/** Names of files with modules, in load order. */
export interface TakenModules {
  /** Drivers of the disk, and of what tells QEMU where VMCOREINFO is. */
  readonly modules: readonly string[];
  /** Drivers of the network, to load after `modules`; empty if they are built in, or missing. */
  readonly networkModules: readonly string[];
}

/**
 * Moves the modules that are needed into `folder`, decompressed, and names them in load order. Throws
 * `PackageError` if a driver of the disk is neither a module nor built in.
 */
export async function takeModules(
  tree: ModuleTree,
  folder: string,
  signal: AbortSignal,
): Promise<TakenModules> {
  const taken = new Map<string, string>();
  for (const driver of DISK_DRIVERS) await addModule(driver, { tree, taken, signal });
  if (tree.modules.has(VMCOREINFO_DRIVER))
    await addModule(VMCOREINFO_DRIVER, { tree, taken, signal });
  const nrModules = taken.size;
  if (tree.modules.has(NETWORK_DRIVER)) await addModule(NETWORK_DRIVER, { tree, taken, signal });
  await mkdir(folder);
  const names: string[] = [];
  for (const [module, path] of taken) {
    const name = `${String(names.length).padStart(2, '0')}-${module}.ko`;
    await rename(path, join(folder, name));
    names.push(name);
  }
  return { modules: names.slice(0, nrModules), networkModules: names.slice(nrModules) };
}

/**
 * The name of the module in a file, or undefined if it is not one. `-` and `_` are the same to
 * the kernel.
 */
export function moduleName(path: string): string | undefined {
  return /([^/]+)\.ko(?:\.\w+)?$/.exec(path)?.[1]?.replaceAll('-', '_');
}

/** Whether a module has all its section headers: they come last (elf(5)). */
export function isWholeElf(module: Uint8Array): boolean {
  const header = new DataView(module.buffer, module.byteOffset, module.byteLength);
  if (header.byteLength < 64 || header.getUint32(0, false) !== 0x7f454c46) return false;
  const [e_shoff, e_shentsize] = [header.getBigUint64(40, true), header.getUint16(58, true)];
  return Number(e_shoff) + e_shentsize * header.getUint16(60, true) <= module.length;
}

interface Taking {
  readonly tree: ModuleTree;
  readonly taken: Map<string, string>;
  /** Those whose dependencies are being added. */
  readonly above?: readonly string[];
  readonly signal: AbortSignal;
}

/** Bytes of a module: debug information makes the largest some 100 MiB. */
const MODULE_LIMIT = 512 * 1024 * 1024;

/** Adds a module to `taken`, after those that it depends on. */
async function addModule(name: string, taking: Taking): Promise<void> {
  const { tree, taken, above = [], signal } = taking;
  if (taken.has(name) || tree.builtin.has(name)) return;
  const compressed = tree.modules.get(name);
  if (compressed === undefined) {
    throw new PackageError(
      `Cannot reach a disk with this kernel: ${name} is neither built in nor a module; ` +
        'set CONFIG_VIRTIO_PCI and CONFIG_VIRTIO_BLK',
    );
  }
  if (above.includes(name)) {
    throw new PackageError(`Cannot load the module ${name}: it depends on itself`);
  }
  const path = await decompress(compressed, signal);
  const depends = await runCommand([MODINFO, '-F', 'depends', path], { signal });
  for (const dependency of depends.trim().split(',')) {
    if (dependency === '') continue;
    await addModule(dependency.replaceAll('-', '_'), { ...taking, above: [...above, name] });
  }
  taken.set(name, path);
}

/** Decompresses a module in place and gives its new path. */
async function decompress(path: string, signal: AbortSignal): Promise<string> {
  const extension = extname(path);
  const command = DECOMPRESS.get(extension);
  if (command === undefined) return path;
  await runCommand(['prlimit', `--fsize=${MODULE_LIMIT}`, ...command, path], { signal });
  return path.slice(0, -extension.length);
}
