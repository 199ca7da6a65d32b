// SPDX-License-Identifier: MIT
import { type PackageContext, packageLists } from '../package/package-lists.ts';
import { isCached } from '../process/cache.ts';
import { kernelsAmong, referenceTo } from './kernel-packages.ts';
import { kernelFolder } from './unpack-kernel.ts';

/** A kernel on offer. */
export interface KernelListing {
  /** The reference that names exactly this kernel. */
  readonly ref: string;
  /** Name of its package. */
  readonly package: string;
  readonly version: string;
  readonly flavour: string;
  readonly suite: string;
  readonly downloadBytes: number;
  /** Whether it is in the cache: no download needed. */
  readonly cached: boolean;
  /** When the mirror was last asked, ISO 8601. */
  readonly listed: string;
}

/** Every kernel that the mirror offers, by lists that are not older than `maxAgeMs`, oldest first. Throws like `requireKernel`. */
export async function listKernels(
  context: PackageContext,
  maxAgeMs?: number,
): Promise<readonly KernelListing[]> {
  const { fetched, packages } = await packageLists(context, maxAgeMs);
  return kernelsAmong(packages).map((kernel) => {
    const { name, version, flavour, suite, parts } = kernel;
    const folder = kernelFolder(
      context.cacheDir,
      parts.map((part) => part.sha256),
    );
    return {
      ref: referenceTo(kernel),
      package: name,
      version,
      flavour,
      suite,
      downloadBytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
      cached: isCached(folder),
      listed: fetched,
    };
  });
}
