// SPDX-License-Identifier: MIT
import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HostError } from '../errors.ts';
import { cachedFolder } from '../process/cache.ts';
import { findProgram } from '../process/find-program.ts';
import { sha256, sha256File } from '../process/file-hash.ts';
import { runCommand } from '../process/owned-process.ts';
import { projectPath } from '../project-root.ts';

/** The programs that the agent runs, each with its Debian package. */
const GUEST_TOOLS = [
  ['busybox', 'busybox-static'],
  ['kexec', 'kexec-tools'],
  ['makedumpfile', 'makedumpfile'],
] as const;

/** The busybox applets that guest/init names. */
const APPLETS =
  'cat cp cut dd dmesg head insmod mkdir mount poweroff printf rm sh stat stty sync tail tar tr uname'.split(
    ' ',
  );

/** Programs that read the vmcore, each with its source in `guest/dump/`. */
const VMCORE_PROGRAMS = { 'dump-vmcore': 'dump', 'read-vmcore': 'reads' } as const;

/** All that they are built from. */
const DUMP_SOURCES = ['sys.h', 'tried.h', 'vmcore.h', 'dump.c', 'reads.c', 'build.sh'];

const GUEST_FOLDER = projectPath('guest');
const PACK = join(GUEST_FOLDER, 'pack.sh');

export interface GuestImageOptions {
  readonly cacheDir: string;
  readonly signal: AbortSignal;
  /** Archives to append. */
  readonly extra?: readonly string[];
}

/** What a cell gives its machine: the initramfs, and the image of the disk `input`. */
export interface GuestImage {
  readonly initrd: string;
  readonly input: string;
}

/**
 * The initramfs and input disk for one kernel, built once and cached by content: the base archive (agent and tools)
 * followed by the kernel's modules and the extra archives, and a tar of kernel and initramfs for the capture kernel.
 * Throws `HostError` naming the package of a missing tool.
 */
export async function requireGuestImage(
  kernel: {
    readonly image: string;
    readonly imageSha256: string;
    readonly modules: readonly string[];
  },
  options: GuestImageOptions,
): Promise<GuestImage> {
  const base = await requireBase(options);
  const { extra = [] } = options;
  const hashes = await Promise.all([...kernel.modules, ...extra].map(sha256File));
  const key = sha256([base.key, kernel.imageSha256, ...hashes].join());
  const folder = await cachedFolder(join(options.cacheDir, 'guest', key), async (building) => {
    const initrd = join(building, 'initrd');
    await writeFile(initrd, await readFile(base.archive));
    await writeFile(initrd, await modulesArchive(building, kernel.modules, options), { flag: 'a' });
    for (const archive of extra) await writeFile(initrd, await readFile(archive), { flag: 'a' });
    await symlink(kernel.image, join(building, 'vmlinuz'));
    await runCommand(
      ['tar', '--dereference', '-cf', join(building, 'input'), '-C', building, 'vmlinuz', 'initrd'],
      options,
    );
  });
  return { initrd: join(folder, 'initrd'), input: join(folder, 'input') };
}

/** The archive with the agent and its tools, and the key of its contents. */
async function requireBase(options: GuestImageOptions): Promise<{ key: string; archive: string }> {
  const tools = await Promise.all(GUEST_TOOLS.map(([name, from]) => requireTool(name, from)));
  const files = [...tools, ...(await librariesOf(tools, options))];
  const init = join(GUEST_FOLDER, 'init');
  const dump = DUMP_SOURCES.map((file) => join(GUEST_FOLDER, 'dump', file));
  const hashes = await Promise.all([init, PACK, ...dump, ...files].map(sha256File));
  const key = sha256([...hashes, ...files, ...APPLETS].join());
  const folder = await cachedFolder(join(options.cacheDir, 'guest-base', key), async (building) => {
    const root = join(building, 'root');
    for (const folderName of ['bin', 'dev', 'proc', 'sys', 'run', 'tmp', 'modules']) {
      await mkdir(join(root, folderName), { recursive: true });
    }
    await install(init, join(root, 'init'));
    for (const tool of tools) await install(tool, join(root, 'bin', basename(tool)));
    for (const library of files.slice(tools.length)) await install(library, join(root, library));
    for (const [program, source] of Object.entries(VMCORE_PROGRAMS)) {
      const built = join(root, 'bin', program);
      await runCommand([join(GUEST_FOLDER, 'dump/build.sh'), source, built], options);
    }
    for (const applet of APPLETS) await symlink('busybox', join(root, 'bin', applet));
    await packArchive(root, join(building, 'base.cpio'), options);
  });
  return { key, archive: join(folder, 'base.cpio') };
}

async function modulesArchive(
  building: string,
  modules: readonly string[],
  options: GuestImageOptions,
): Promise<Uint8Array> {
  const root = join(building, 'root');
  await mkdir(join(root, 'modules'), { recursive: true });
  for (const module of modules) await copyFile(module, join(root, 'modules', basename(module)));
  const archive = join(building, 'modules.cpio');
  await packArchive(root, archive, options);
  return readFile(archive);
}

/** Packs a folder as a cpio archive of an initramfs. */
export async function packArchive(
  root: string,
  archive: string,
  { signal }: Pick<GuestImageOptions, 'signal'>,
): Promise<void> {
  await runCommand([PACK, root, archive], { signal });
}

/** Copies a program or library into a folder that will be packed. */
export async function install(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
  await chmod(to, 0o755);
}

async function requireTool(name: string, from: string): Promise<string> {
  const path = await findProgram(name);
  if (path !== undefined) return path;
  throw new HostError(
    `Cannot build the initramfs: ${name} not found; run: apt-get install ${from}`,
  );
}

/** The shared libraries, dynamic loader included, that dynamic programs load. */
async function librariesOf(
  programs: readonly string[],
  options: GuestImageOptions,
): Promise<string[]> {
  // ldd exits with 1 for a static program.
  const listings = await Promise.all(
    programs.map((program) => runCommand(['ldd', program], { ...options, okExitCodes: [0, 1] })),
  );
  const paths = listings.flatMap((listing) => listing.match(/\/\S+\.so\S*/g) ?? []);
  return [...new Set(paths)].toSorted();
}
