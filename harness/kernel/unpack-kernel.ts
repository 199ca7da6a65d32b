// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { PackageError } from '../errors.ts';
import { type Log, silentLog } from '../log.ts';
import { debFields } from '../package/deb-file.ts';
import { takeDebFiles } from '../package/take-deb-files.ts';
import { readCachedJson } from '../process/cache.ts';
import { sha256 } from '../process/file-hash.ts';
import { readKernelImage } from './kernel-image.ts';
import { type ModuleTree, isWholeElf, moduleName, takeModules } from './kernel-modules.ts';
import { partNames } from './kernel-packages.ts';

/** Part of the key of the cache: bump it when other files of the same packages must be kept. */
const UNPACK_VERSION = 3;

/** What `kernel.json` says of an unpacked kernel; its modules are files in `modules/`: see `TakenModules`. */
const unpackedSchema = z.object({
  release: z.string(),
  imageSha256: z.string(),
  /** Name and version of the package. */
  package: z.string(),
  modules: z.array(z.string()).readonly(),
  networkModules: z.array(z.string()).readonly(),
});

type UnpackedKernel = z.infer<typeof unpackedSchema>;

/** The kernel image's place in a package. */
const VMLINUZ = /^boot\/vmlinuz-[^/]+$|^usr\/lib\/modules\/[^/]+\/vmlinuz$/;

const MODULES_BUILTIN = /\/modules\.builtin$/;

function isWanted(path: string): boolean {
  return VMLINUZ.test(path) || MODULES_BUILTIN.test(path) || moduleName(path) !== undefined;
}

/** Where the cache keeps the kernel of packages with these SHA-256. */
export function kernelFolder(cacheDir: string, hashes: readonly string[]): string {
  return join(cacheDir, 'kernels', sha256([UNPACK_VERSION, ...hashes].join('\n')));
}

/** What `unpackKernel` noted in a folder; undefined if there is none, or it is damaged. */
export function findUnpacked(folder: string, log: Log): Promise<UnpackedKernel | undefined> {
  return readCachedJson(join(folder, 'kernel.json'), { schema: unpackedSchema, log });
}

/** What is wrong with a kernel that an older sub1m unpacked, in words; null if it looks whole. */
export async function adoptUnpacked(folder: string): Promise<string | null> {
  const kernel = await findUnpacked(folder, silentLog);
  if (kernel === undefined) return 'kernel.json cannot be read';
  const { sha256: found } = await readKernelImage(join(folder, 'vmlinuz'));
  if (found !== kernel.imageSha256) {
    return `vmlinuz: expected sha256 ${kernel.imageSha256}, found ${found}`;
  }
  for (const name of [...kernel.modules, ...kernel.networkModules]) {
    if (!isWholeElf(await readFile(join(folder, 'modules', name)))) {
      return `modules/${name} is cut short`;
    }
  }
  return null;
}

/**
 * Fills `folder` with what a kernel needs of its packages: `vmlinuz`, `modules/` and `kernel.json`.
 */
export async function unpackKernel(
  debs: readonly string[],
  folder: string,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal },
): Promise<void> {
  const tree = join(folder, 'tree');
  await mkdir(tree);
  const files: string[] = [];
  for (const deb of debs) files.push(...(await takeDebFiles(deb, { tree, isWanted, signal })));
  const vmlinuz = files.find((file) => VMLINUZ.test(file));
  if (vmlinuz === undefined) throw new PackageError(`Cannot use ${name}: it has no vmlinuz`);
  const image = join(folder, 'vmlinuz');
  await rename(join(tree, vmlinuz), image);
  const { release, sha256: imageSha256 } = await readKernelImage(image);
  const modules = await takeModules(await moduleTree(tree, files), join(folder, 'modules'), signal);
  await rm(tree, { recursive: true });
  const kernel: UnpackedKernel = { release, imageSha256, package: name, ...modules };
  await writeFile(join(folder, 'kernel.json'), `${JSON.stringify(kernel, null, 2)}\n`);
}

/**
 * A kernel package in a file: its name and version, and the files of all its parts, which must be in
 * the same folder.
 */
export async function readDeb(
  path: string,
  signal: AbortSignal,
): Promise<{ readonly name: string; readonly parts: readonly string[] }> {
  const fields = await debFields(path, ['Package', 'Version', 'Depends'], signal);
  const [name = '', version = '', depends = ''] = fields;
  const parts = partNames(name, depends).map((part) =>
    part === name ? path : join(dirname(path), `${part}_${version}_amd64.deb`),
  );
  const missing = parts.filter((part) => !existsSync(part));
  if (missing.length > 0) {
    throw new PackageError(
      `Cannot use ${path}: expected its other parts beside it, found no ${missing.join(', no ')}; ` +
        `put them there or name debian:${name}`,
    );
  }
  return { name: `${name} ${version}`, parts };
}

async function moduleTree(root: string, files: readonly string[]): Promise<ModuleTree> {
  const modules = new Map<string, string>();
  for (const file of files) {
    const name = moduleName(file);
    if (name !== undefined) modules.set(name, join(root, file));
  }
  const list = files.find((file) => MODULES_BUILTIN.test(file));
  const builtin = list === undefined ? '' : await readFile(join(root, list), 'utf8');
  return {
    modules,
    builtin: new Set(builtin.split('\n').flatMap((line) => moduleName(line) ?? [])),
  };
}
