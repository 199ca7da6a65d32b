// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { PackageError, UsageError } from '../errors.ts';
import { byVersion, isOfRelease, neighbours, newestVersion } from '../package/choose-version.ts';
import { versionBeginsWith } from '../package/debian-version.ts';
import { type PackageContext, packagesWith } from '../package/package-lists.ts';
import type { PackageRecord } from '../package/package-records.ts';
import { downloadTree } from '../package/package-tree.ts';
import { adoptFiles } from '../process/cache-adopt.ts';
import { cachedFolder } from '../process/cache.ts';
import { type Ovmf, findOvmf, whatIsWanting } from './ovmf.ts';
import { DEBIAN, type DebianOvmfReference } from './ovmf-reference.ts';

/**
 * The packages that can have a plain OVMF; for each version the first of these counts. Since 2025.11 `ovmf` only
 * depends on `ovmf-generic` and on images for confidential machines.
 */
const PACKAGES = ['ovmf-generic', 'ovmf'];

/** Where a package has its firmware descriptors. */
const DESCRIPTORS = 'usr/share/qemu/firmware';

/**
 * The OVMF of a Debian package, downloaded if it is not in the cache. Throws `UsageError` if there is none of that
 * version, `HostError` if the host cannot get packages, `PackageError` if the package fails.
 */
export async function requireDebianOvmf(
  wanted: DebianOvmfReference,
  context: PackageContext,
): Promise<Ovmf> {
  const packages = await packagesWith((lists) => findOvmfPackage(lists, wanted), context);
  const found = findOvmfPackage(packages, wanted);
  if (found === undefined) throw unknownOvmf(packages, wanted);
  const { name, version, sha256 } = found;
  const tree = await cachedFolder(
    join(context.cacheDir, 'ovmf', `${version}-${sha256}`),
    (unfinished) => downloadTree([found], unfinished, context),
    { ...context, adopt: adoptFiles },
  );
  return ovmfInTree(tree, `${name} ${version}`);
}

/** The newest package with an OVMF that a reference matches. */
function findOvmfPackage(
  packages: readonly PackageRecord[],
  wanted: DebianOvmfReference,
): PackageRecord | undefined {
  return newestVersion(ovmfPackages(packages).filter((record) => isMeant(record, wanted)));
}

/** Names the two versions before and the two after, or for a suite all versions. */
function unknownOvmf(packages: readonly PackageRecord[], wanted: DebianOvmfReference): UsageError {
  const known = [...new Set(ovmfPackages(packages).map(({ version }) => version))];
  const isVersion = wanted.kind === 'version';
  const what = isVersion ? wanted.version : wanted.suite;
  const near = isVersion ? neighbours(known, what, (version) => version) : known;
  const have = isVersion ? 'the nearest are' : 'available are';
  const names = near.map((version) => `${DEBIAN}${version}`).join(', ');
  return new UsageError(
    `Cannot find the firmware ${DEBIAN}${what}: ${near.length === 0 ? 'the mirror has none' : `${have} ${names}`}`,
  );
}

/** The OVMF that the firmware descriptors of an unpacked package offer first. */
async function ovmfInTree(tree: string, name: string): Promise<Ovmf> {
  const folders = [join(tree, DESCRIPTORS)];
  const search = await findOvmf(folders, tree);
  if (search.found[0] !== undefined) return search.found[0];
  throw new PackageError(
    `Cannot use the firmware of ${name}: ${whatIsWanting(search, folders)}name another version`,
  );
}

/** The packages that hold an OVMF, oldest first; one for each version and suite. */
function ovmfPackages(packages: readonly PackageRecord[]): PackageRecord[] {
  const chosen = new Map<string, PackageRecord>();
  for (const name of PACKAGES) {
    for (const record of packages.filter((candidate) => candidate.name === name)) {
      const key = `${record.version} ${record.suite}`;
      if (!chosen.has(key)) chosen.set(key, record);
    }
  }
  return [...chosen.values()].toSorted(byVersion);
}

function isMeant({ version, suite }: PackageRecord, wanted: DebianOvmfReference): boolean {
  if (wanted.kind === 'version') return versionBeginsWith(version, wanted.version);
  return isOfRelease(suite, wanted.suite);
}
