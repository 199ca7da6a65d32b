// SPDX-License-Identifier: MIT
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HostError, InputError, ProcessError } from '../errors.ts';
import type { Log } from '../log.ts';
import { cachedFolder } from '../process/cache.ts';
import { sealedSha256 } from '../process/cache-seal.ts';
import { findProgram } from '../process/find-program.ts';
import { sha256, sha256Once } from '../process/file-hash.ts';
import { runCommand } from '../process/owned-process.ts';
import { projectPath } from '../project-root.ts';

/** The programs that the agent runs, each with its Debian package, and an argument with which it does no more than start. */
const BUSYBOX = ['busybox', 'busybox-static', 'true'] as const;
const TOOLS = [
  ['kexec', 'kexec-tools', '--version'],
  ['makedumpfile', 'makedumpfile', '-v'],
] as const;

/** The busybox applets that guest/init names. */
const APPLETS =
  'cat cp cpio cut dd dmesg find head insmod mkdir mount poweroff printf rm sh stat stty sync tail tar tr uname'.split(
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
  readonly log: Log;
  /** Archives to append. */
  readonly extra?: readonly string[];
}

/** What a cell gives its machine: the initramfs, and the image of the disk `input`, each with its SHA-256. */
export interface GuestImage {
  readonly initrd: string;
  readonly initrdSha256: string;
  readonly input: string;
  readonly inputSha256: string;
}

/** Part of the key of the cache: bump it when the same files must be packed in another way. */
const PACK_VERSION = 3;

/**
 * The initramfs and input disk for one kernel, built once and cached by content: the agent's archive followed by the
 * kernel's modules and the extra archives; and a tar of the tools, and of kernel and initramfs for the capture kernel,
 * which hashes what it is loaded with twice: tools are not in it.
 * Throws `HostError` naming the package of a missing tool, `InputError` if a file changes meanwhile.
 */
export async function requireGuestImage(
  kernel: {
    readonly image: string;
    readonly imageSha256: string;
    readonly modules: readonly string[];
    readonly moduleSha256: ReadonlyMap<string, string>;
  },
  options: GuestImageOptions,
): Promise<GuestImage> {
  const { agent, tools } = await requireBase(options);
  const { extra = [] } = options;
  const image: PackedFile = [kernel.image, kernel.imageSha256];
  const modules = kernel.modules.map((module): PackedFile => [
    module,
    kernel.moduleSha256.get(module) ?? '',
  ]);
  const archives = [...(await hashesOf(extra))];
  const hashes = [agent, tools, image, ...modules, ...archives].map(([, hash]) => hash);
  const key = sha256([PACK_VERSION, modules.length, ...hashes].join());
  const path = join(options.cacheDir, 'guest', key);
  const build = async (building: string): Promise<void> => {
    const parts = [await readSame(agent), await modulesArchive(building, modules, options)];
    for (const archive of archives) parts.push(await readSame(archive));
    await writeFile(join(building, 'initrd'), Buffer.concat(parts));
    await writeFile(join(building, 'vmlinuz'), await readSame(image));
    await writeFile(join(building, 'tools.cpio'), await readSame(tools));
    const input = join(building, 'input');
    const files = ['tools.cpio', 'vmlinuz', 'initrd'];
    await runCommand(['tar', '-cf', input, '-C', building, ...files], options);
    for (const left of ['tools.cpio', 'vmlinuz']) await rm(join(building, left));
  };
  const folder = await cachedFolder(path, build, options);
  return {
    initrd: join(folder, 'initrd'),
    initrdSha256: await sealedSha256(folder, 'initrd'),
    input: join(folder, 'input'),
    inputSha256: await sealedSha256(folder, 'input'),
  };
}

/** The archive with the agent, and that with the tools and their libraries. */
async function requireBase(
  options: GuestImageOptions,
): Promise<Readonly<Record<'agent' | 'tools', PackedFile>>> {
  const busybox = await requireTool(BUSYBOX);
  const programs = await Promise.all(TOOLS.map(requireTool));
  const libraries = await librariesOf(programs, options);
  const init = join(GUEST_FOLDER, 'init');
  const dump = DUMP_SOURCES.map((file) => join(GUEST_FOLDER, 'dump', file));
  const sources = await hashesOf([init, PACK, ...dump]);
  const files = await hashesOf([busybox, ...programs, ...libraries]);
  const key = sha256([PACK_VERSION, ...sources.values(), ...[...files].flat(), ...APPLETS].join());
  const path = join(options.cacheDir, 'guest-base', key);
  const build = async (building: string): Promise<void> => {
    const [root, toolsRoot] = [join(building, 'root'), join(building, 'tools')];
    for (const folderName of ['bin', 'dev', 'proc', 'sys', 'run', 'tmp', 'modules']) {
      await mkdir(join(root, folderName), { recursive: true });
    }
    await requireSoundTools([busybox, ...programs], options);
    await installSame([init, sources.get(init) ?? ''], join(root, 'init'));
    for (const file of files) {
      const [from] = file;
      const place = libraries.includes(from) ? from : join('bin', basename(from));
      await installSame(file, join(from === busybox ? root : toolsRoot, place));
    }
    for (const [program, source] of Object.entries(VMCORE_PROGRAMS)) {
      const built = join(root, 'bin', program);
      await runCommand([join(GUEST_FOLDER, 'dump/build.sh'), source, built], options);
    }
    for (const applet of APPLETS) await symlink('busybox', join(root, 'bin', applet));
    for (const [folder, archive] of [
      [root, 'agent.cpio'],
      [toolsRoot, 'tools.cpio'],
    ] as const) {
      await packArchive(folder, join(building, archive), options);
      await rm(folder, { recursive: true });
    }
  };
  const folder = await cachedFolder(path, build, options);
  const packed = async (name: string): Promise<PackedFile> => [
    join(folder, name),
    await sealedSha256(folder, name),
  ];
  return { agent: await packed('agent.cpio'), tools: await packed('tools.cpio') };
}

/** A file that is packed, and the SHA-256 that stands for it in the key of the cache. */
type PackedFile = readonly [path: string, sha256: string];

/** The SHA-256 of each file, by its path. */
export async function hashesOf(paths: readonly string[]): Promise<Map<string, string>> {
  const hashes = await Promise.all(paths.map(sha256Once));
  return new Map(paths.map((path, i) => [path, hashes[i] ?? '']));
}

/** The bytes of a file. Throws `InputError` if they are not those that the key stands for. */
async function readSame([path, expected]: PackedFile): Promise<Uint8Array> {
  const bytes = await readFile(path);
  const found = sha256(bytes);
  if (found === expected) return bytes;
  throw new InputError(
    `Cannot pack ${path}: expected sha256 ${expected}, found ${found}: it changed meanwhile; try again`,
  );
}

async function modulesArchive(
  building: string,
  modules: readonly PackedFile[],
  options: GuestImageOptions,
): Promise<Uint8Array> {
  const root = join(building, 'root');
  const place = join(root, 'modules');
  await mkdir(place, { recursive: true });
  for (const file of modules) await writeFile(join(place, basename(file[0])), await readSame(file));
  const archive = join(building, 'modules.cpio');
  await packArchive(root, archive, options);
  const bytes = await readFile(archive);
  for (const left of [root, archive]) await rm(left, { recursive: true });
  return bytes;
}

/** Packs a folder as a cpio archive of an initramfs. */
export async function packArchive(
  root: string,
  archive: string,
  { signal }: Pick<GuestImageOptions, 'signal'>,
): Promise<void> {
  await runCommand([PACK, root, archive], { signal });
}

/** Copies a program or library into a folder that will be packed. Throws `InputError` if it changed. */
export async function installSame(file: PackedFile, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, await readSame(file));
  await chmod(to, 0o755);
}

type Tool = typeof BUSYBOX | (typeof TOOLS)[number];

async function requireTool([name, from]: Tool): Promise<string> {
  const path = await findProgram(name);
  if (path !== undefined) return path;
  throw new HostError(
    `Cannot build the initramfs: ${name} not found; run: apt-get install ${from}`,
  );
}

/** Throws `HostError` if a tool does not even start on the host: a guest would die of it, and its kernel be blamed. */
async function requireSoundTools(
  tools: readonly string[],
  { signal }: Pick<GuestImageOptions, 'signal'>,
): Promise<void> {
  for (const [i, path] of tools.entries()) {
    const [name = '', from = '', argument = ''] = [BUSYBOX, ...TOOLS][i] ?? [];
    try {
      await runCommand([path, argument], { signal });
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      throw new HostError(
        `Cannot build the initramfs: expected a ${name} that starts, found ${path}, which does not ` +
          `(${error.message}); run: apt-get install --reinstall ${from}`,
        { cause: error },
      );
    }
  }
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
