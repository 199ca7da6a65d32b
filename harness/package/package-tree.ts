// SPDX-License-Identifier: MIT
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PackageError } from '../errors.ts';
import { adoptFiles } from '../process/cache-adopt.ts';
import { cachedFolder } from '../process/cache.ts';
import { sha256 } from '../process/file-hash.ts';
import { downloadPackages } from './apt-client.ts';
import { isOfRelease, newestVersion } from './choose-version.ts';
import { unpackDeb } from './deb-file.ts';
import { type PackageContext, aptClient, packagesWith } from './package-lists.ts';
import type { PackageRecord } from './package-records.ts';

/** Packages of one release of Debian, which are compiled for each other. */
interface PackageSet {
  /** The name of its suite, e.g. `bookworm`. */
  readonly release: string;
  /** Each is in `KEPT_PACKAGES` of `apt-client.ts`. */
  readonly names: readonly string[];
}

/**
 * The folder in which the newest packages of a set are unpacked over each other, downloaded if it is not in the cache.
 * Throws `PackageError` if the mirror lacks one, `HostError` if the host cannot get packages.
 */
export async function requirePackageTree(
  { release, names }: PackageSet,
  context: PackageContext,
): Promise<string> {
  const find = (lists: readonly PackageRecord[], name: string): PackageRecord | undefined =>
    newestVersion(lists.filter((one) => one.name === name && isOfRelease(one.suite, release)));
  const lists = await packagesWith(
    (packages) => names.every((name) => find(packages, name)) || undefined,
    context,
  );
  const found = names.map((name) => {
    const record = find(lists, name);
    if (record !== undefined) return record;
    throw new PackageError(
      `Cannot get the package ${name}: the mirror has none of ${release}; name another with --mirror <url>`,
    );
  });
  const key = sha256(found.map((record) => record.sha256).join('\n'));
  return cachedFolder(
    join(context.cacheDir, 'packages', key),
    (unfinished) => downloadTree(found, unfinished, context),
    { ...context, adopt: adoptFiles },
  );
}

/** Downloads packages and unpacks them over each other into `tree`. */
export async function downloadTree(
  packages: readonly PackageRecord[],
  tree: string,
  context: PackageContext,
): Promise<void> {
  for (const { name, version, suite, bytes } of packages) {
    context.log.info(`downloading ${name} ${version} from ${suite}: ${Math.ceil(bytes / 1e6)} MB`);
  }
  for (const deb of await downloadPackages(aptClient(context), packages, tree)) {
    await unpackDeb(deb, tree, context.signal);
    await rm(deb);
  }
}
