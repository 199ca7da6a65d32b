// SPDX-License-Identifier: MIT
import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PackageError, UsageError } from '../errors.ts';
import { downloadPackages } from '../package/apt-client.ts';
import { type PackageContext, aptClient, packagesWith } from '../package/package-lists.ts';
import { cachedFolder } from '../process/cache.ts';
import { sha256File } from '../process/file-hash.ts';
import { readHead, readKernelImage } from './kernel-image.ts';
import {
  type KernelPackage,
  type PackageReference,
  findKernel,
  nearestReferences,
} from './kernel-packages.ts';
import { parseKernelReference } from './kernel-reference.ts';
import { type UnpackedKernel, kernelFolder, readDeb, unpackKernel } from './unpack-kernel.ts';

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
  /** Name and version of its package, null for a bare image. */
  readonly package: string | null;
}

const DEB_MAGIC = '!<arch>\n';

/**
 * The kernel that a reference names, downloaded if it is not in the cache. Throws `UsageError` if
 * there is none, `FormatError` if a file is something else, `HostError` if the host cannot get
 * kernels, `PackageError` if a package fails.
 */
export async function requireKernel(ref: string, context: PackageContext): Promise<Kernel> {
  const wanted = parseKernelReference(ref);
  if (wanted.kind === 'path') return kernelFromFile(ref, context);
  const found = await requirePackage(ref, wanted, context);
  const hashes = found.parts.map((part) => part.sha256);
  const folder = await cachedFolder(kernelFolder(context.cacheDir, hashes), (unfinished) =>
    download(found, unfinished, context),
  );
  return readKernel(ref, folder);
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

async function kernelFromFile(path: string, { cacheDir, signal }: PackageContext): Promise<Kernel> {
  const { head } = await readHead(path);
  if (Buffer.from(head).subarray(0, DEB_MAGIC.length).toString('latin1') !== DEB_MAGIC) {
    const { release, sha256: imageSha256 } = await readKernelImage(path);
    return { ref: path, release, image: resolve(path), imageSha256, modules: [], package: null };
  }
  const folder = await cachedFolder(
    kernelFolder(cacheDir, [await sha256File(path)]),
    async (unfinished) => {
      const { name, parts } = await readDeb(path, signal);
      await unpackKernel(parts, unfinished, { name, signal });
    },
  );
  return readKernel(path, folder);
}

async function readKernel(ref: string, folder: string): Promise<Kernel> {
  const kernel = JSON.parse(await readFile(join(folder, 'kernel.json'), 'utf8')) as UnpackedKernel;
  return {
    ...kernel,
    ref,
    image: join(folder, 'vmlinuz'),
    modules: kernel.modules.map((name) => join(folder, 'modules', name)),
  };
}
