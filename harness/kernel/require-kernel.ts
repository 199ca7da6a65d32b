// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { HostError, PackageError, UsageError } from '../errors.ts';
import { downloadPackages } from '../package/apt-client.ts';
import { type PackageContext, aptClient, packagesWith } from '../package/package-lists.ts';
import { silentLog } from '../log.ts';
import { cachedFolder } from '../process/cache.ts';
import { sealedSha256 } from '../process/cache-seal.ts';
import { sha256File } from '../process/file-hash.ts';
import { type BuiltKernel, buildRecipe, buildRevision, buildTree } from './build-kernel.ts';
import { requireBuildTools } from './build-tools.ts';
import { parseRevision } from './git-tree.ts';
import { readHead, readKernelImage } from './kernel-image.ts';
import {
  type KernelPackage,
  type PackageReference,
  findKernel,
  nearestReferences,
} from './kernel-packages.ts';
import { parseKernelReference } from './kernel-reference.ts';
import { readRecipe } from './recipe.ts';
import { isKernelTree } from './source-tree.ts';
import {
  adoptUnpacked,
  findUnpacked,
  kernelFolder,
  readDeb,
  unpackKernel,
} from './unpack-kernel.ts';

/** A kernel that is ready to boot. */
export interface Kernel {
  /** The reference as the user wrote it. */
  readonly ref: string;
  /** `uname -r`, as the image says. */
  readonly release: string;
  /** Path of the bzImage. */
  readonly image: string;
  readonly imageSha256: string;
  /**
   * Paths of the modules that it needs to reach its disk, decompressed, in load order; none for a
   * bare image.
   */
  readonly modules: readonly string[];
  /** Likewise, those that it also needs to reach a network. */
  readonly networkModules: readonly string[];
  /** The SHA-256 of each module, by its path. */
  readonly moduleSha256: ReadonlyMap<string, string>;
  /** Name and version of its package, or its recipe; null for a bare image and a tree. */
  readonly package: string | null;
  /** The id of the policy that its recipe says it follows; null if none does. */
  readonly policy: string | null;
}

/** What is unknown of a bare image. */
const BARE = {
  modules: [],
  networkModules: [],
  moduleSha256: new Map<string, string>(),
  package: null,
  policy: null,
} as const;

const DEB_MAGIC = '!<arch>\n';

/** Where a kernel build leaves its image. */
const BUILT_IMAGE = 'arch/x86/boot/bzImage';

/**
 * The kernel that a reference names, downloaded or built if it is not in the cache. Throws
 * `UsageError` if there is none, `FormatError` if a file is something else, `BuildError` if a source
 * does not become a kernel, `HostError` if the host cannot get or build kernels, `PackageError` if a
 * package fails.
 */
export async function requireKernel(ref: string, context: PackageContext): Promise<Kernel> {
  const wanted = parseKernelReference(ref);
  if (wanted.kind === 'recipe') {
    return readBuilt(ref, await buildRecipe(wanted.recipe, context), ref);
  }
  if (wanted.kind === 'path') return kernelFromPath(ref, context);
  const found = await requirePackage(ref, wanted, context);
  const hashes = found.parts.map((part) => part.sha256);
  const folder = await cachedFolder(
    kernelFolder(context.cacheDir, hashes),
    (unfinished) => download(found, unfinished, context),
    { ...context, findFault, adopt: adoptUnpacked },
  );
  return readKernel(ref, folder);
}

/**
 * Whether a reference names a kernel that is built from source. Throws `UsageError` for a recipe that does not exist,
 * `FormatError` for one that cannot be read, `HostError` if the host cannot build.
 */
export async function isBuiltHere(ref: string): Promise<boolean> {
  const wanted = parseKernelReference(ref);
  const isRecipe = wanted.kind === 'recipe';
  const isSource = isKernelTree(ref) || parseRevision(ref) !== undefined;
  if (!isRecipe && !(wanted.kind === 'path' && isSource)) return false;
  await requireBuildTools();
  if (isRecipe) await readRecipe(wanted.recipe);
  return true;
}

async function requirePackage(
  ref: string,
  wanted: PackageReference,
  context: PackageContext,
): Promise<KernelPackage> {
  const packages = await packagesWith((lists) => findKernel(lists, wanted), context);
  const found = findKernel(packages, wanted);
  if (found !== undefined && found.missing.length === 0) return found;
  const near = nearestReferences(packages, wanted).join(', ');
  const nearest = `the nearest are ${near}; "sub1m kernels" lists all`;
  if (found === undefined) throw new UsageError(`Cannot find the kernel ${ref}: ${nearest}`);
  throw new PackageError(
    `Cannot get the kernel ${ref}: no suite has ${found.missing.join(' or ')} any more; ${nearest}`,
  );
}

async function download(
  { name, version, suite, parts }: KernelPackage,
  folder: string,
  context: PackageContext,
): Promise<void> {
  const megabytes = Math.ceil(parts.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6);
  context.log.info(`downloading ${name} ${version} from ${suite}: ${megabytes} MB`);
  const debs = await downloadPackages(aptClient(context), parts, folder);
  await unpackKernel(debs, folder, { name: `${name} ${version}`, signal: context.signal });
  for (const deb of debs) await rm(deb);
}

async function kernelFromPath(path: string, context: PackageContext): Promise<Kernel> {
  if (isKernelTree(path)) {
    return readBuilt(path, await buildTree(path, { kind: 'ours' }, context), null);
  }
  const revision = parseRevision(path);
  if (revision !== undefined) return readBuilt(path, await buildRevision(revision, context), null);
  // The folder of a `make O=…`.
  const image = join(path, BUILT_IMAGE);
  return existsSync(image)
    ? { ...(await kernelFromFile(image, context)), ref: path }
    : kernelFromFile(path, context);
}

async function readBuilt(
  ref: string,
  { image, policy }: BuiltKernel,
  from: string | null,
): Promise<Kernel> {
  const { release, sha256: imageSha256 } = await readKernelImage(image);
  return { ...BARE, ref, release, image, imageSha256, package: from, policy };
}

async function kernelFromFile(path: string, context: PackageContext): Promise<Kernel> {
  const { cacheDir, signal } = context;
  const { head } = await readHead(path);
  if (Buffer.from(head).subarray(0, DEB_MAGIC.length).toString('latin1') !== DEB_MAGIC) {
    const { release, sha256: imageSha256 } = await readKernelImage(path);
    const image = resolve(path);
    return { ...BARE, ref: path, release, image, imageSha256 };
  }
  const folder = await cachedFolder(
    kernelFolder(cacheDir, [await sha256File(path)]),
    async (unfinished) => {
      const { name, parts } = await readDeb(path, signal);
      await unpackKernel(parts, unfinished, { name, signal });
    },
    { ...context, findFault, adopt: adoptUnpacked },
  );
  return readKernel(path, folder);
}

async function findFault(folder: string): Promise<string | null> {
  const isReadable = (await findUnpacked(folder, silentLog)) !== undefined;
  return isReadable ? null : 'kernel.json is that of another sub1m';
}

async function readKernel(ref: string, folder: string): Promise<Kernel> {
  const kernel = await findUnpacked(folder, silentLog);
  if (!kernel) throw new HostError(`Cannot read the kernel in ${folder}: it changed; try again`);
  const path = (name: string): string => join(folder, 'modules', name);
  const modules = kernel.modules.map(path);
  const networkModules = kernel.networkModules.map(path);
  const moduleSha256 = new Map<string, string>();
  for (const module of [...modules, ...networkModules]) {
    moduleSha256.set(module, await sealedSha256(folder, relative(folder, module)));
  }
  return {
    ...kernel,
    ref,
    image: join(folder, 'vmlinuz'),
    // What the image is, not what was noted of it when it was unpacked.
    imageSha256: await sealedSha256(folder, 'vmlinuz'),
    modules,
    networkModules,
    moduleSha256,
    policy: null,
  };
}
