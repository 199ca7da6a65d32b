// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { PackageError, UsageError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { downloadPackages } from '../package/apt-client.ts';
import { neighbours, newestVersion } from '../package/choose-version.ts';
import { type PackageContext, aptClient, packagesWith } from '../package/package-lists.ts';
import type { PackageRecord } from '../package/package-records.ts';
import { cachedFolder, readCachedJson } from '../process/cache.ts';
import { runCommand } from '../process/owned-process.ts';
import { patchTree } from './patch-tree.ts';
import { TREE, findTreeDamage, noteTree } from './source-list.ts';

/** A source package: its name and version, and the SHA-256 of its file. */
export interface SourcePackage {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/** The unpacked source of a package; sub1m's own, and patched in place. */
export interface SourceTree extends SourcePackage {
  /** Holds the tree, and what sub1m notes about it. */
  readonly folder: string;
  readonly tree: string;
}

const sourceSchema = z.object({ name: z.string(), version: z.string(), sha256: z.string() });

/** What a source is, beside its tree. */
const NOTED = 'source.json';

/** What every kernel source for x86 has at its top level. */
const KERNEL_SIGNS = ['Makefile', 'Kbuild', 'arch/x86/Makefile', 'scripts/kconfig'];

/** Signs of an in-place build, for which `make O=…` refuses a tree. */
const BUILT_SIGNS = ['.config', 'include/config', 'arch/x86/include/generated'];

/**
 * The package of a recipe's source. A given version that is already unpacked needs no mirror.
 * Throws `UsageError` if no suite has it.
 */
export async function findSource(
  name: string,
  version: string | null,
  context: PackageContext,
): Promise<SourcePackage> {
  if (version === null) return requireRecord(name, version, context);
  const noted = join(sourceFolder(context, name, version), NOTED);
  const kind = { schema: sourceSchema, log: silentLog };
  return (await readCachedJson(noted, kind)) ?? requireRecord(name, version, context);
}

/**
 * The unpacked source, downloaded if it is not in the cache or damaged there; a second program waits for the first, and
 * for one that builds in it.
 */
export async function requireSource(
  source: SourcePackage,
  context: PackageContext,
): Promise<SourceTree> {
  const { name, version, sha256 } = source;
  const folder = sourceFolder(context, name, version);
  const { signal, log } = context;
  const unpack = async (unfinished: string): Promise<void> => {
    const record = await requireRecord(name, version, context);
    log.info(`downloading ${name} ${version} from ${record.suite}: ${megabytes(record)} MB`);
    const debs = await downloadPackages(aptClient(context), [record], unfinished);
    log.info(`unpacking ${name} ${version}: a minute or two, once`);
    await unpackSource(debs[0] ?? '', join(unfinished, TREE), { name, signal });
    for (const deb of debs) await rm(deb);
    await noteTree(unfinished, signal);
    const noted = JSON.stringify({ name, version, sha256: record.sha256 }, null, 2);
    await writeFile(join(unfinished, NOTED), `${noted}\n`);
  };
  const findFault = (found: string): Promise<string | null> => findTreeDamage(found, signal);
  const adopt = async (found: string): Promise<string | null> => {
    const noted = await readCachedJson(join(found, NOTED), {
      schema: sourceSchema,
      log: silentLog,
    });
    if (noted === undefined) return `${NOTED} cannot be read`;
    log.info(`noting what ${name} ${version} in the cache holds: some seconds, once`);
    return adoptSource(found, signal);
  };
  await cachedFolder(folder, unpack, { signal, log, findFault, adopt, topOnly: true });
  return { name, version, sha256, folder, tree: join(folder, TREE) };
}

/** Whether a folder is the source of a kernel that can be built for x86. */
export function isKernelTree(folder: string): boolean {
  return KERNEL_SIGNS.every((sign) => existsSync(join(folder, sign)));
}

/** Notes what the source of an older sub1m holds, without its patches; gives what is wrong with it, in words, or null. */
async function adoptSource(folder: string, signal: AbortSignal): Promise<string | null> {
  const tree = join(folder, TREE);
  if (!isKernelTree(tree)) return `${TREE} is no kernel source`;
  await patchTree({ folder, tree }, [], signal);
  await noteTree(folder, signal);
  return null;
}

/** Throws `UsageError` if a user's tree cannot be built out of tree. */
export function requireCleanTree(tree: string): void {
  const found = BUILT_SIGNS.find((sign) => existsSync(join(tree, sign)));
  if (found === undefined) return;
  throw new UsageError(
    `Cannot build ${tree} out of tree: expected a clean tree, found ${found}: it was built in place; ` +
      `move its .config elsewhere, run "make mrproper" there, and name that file with --config; ` +
      `or name its image, ${join(tree, 'arch/x86/boot/bzImage')}`,
  );
}

async function requireRecord(
  name: string,
  version: string | null,
  context: PackageContext,
): Promise<PackageRecord> {
  const find = (packages: readonly PackageRecord[]): PackageRecord | undefined =>
    newestVersion(
      packages.filter((it) => it.name === name && (version === null || it.version === version)),
    );
  const packages = await packagesWith(find, context);
  const found = find(packages);
  if (found !== undefined) return found;
  const sources = packages.filter((it) => it.name.startsWith('linux-source-'));
  const same = sources.filter((it) => it.name === name);
  const near =
    same.length > 0
      ? neighbours(same, version ?? '', (it) => it.version).map((it) => it.version)
      : sources.map((it) => it.name);
  const wanted = version === null ? name : `${name} ${version}`;
  const these = [...new Set(near)].join(', ') || 'none';
  throw new UsageError(`Cannot find the source ${wanted}: no suite has it; available: ${these}`);
}

/** Unpacks `usr/src/linux-source-….tar.xz` of a package into the new folder `tree`. */
export async function unpackSource(
  deb: string,
  tree: string,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal },
): Promise<void> {
  const unpacked = `${tree}.unpacked`;
  // The archive goes through pipes: it is 150 MB and of no use once it is unpacked.
  const script = `mkdir "$2" && dpkg-deb --fsys-tarfile "$1" |
    tar --extract --to-stdout --wildcards './usr/src/linux-source-*.tar.xz' |
    xz --decompress --threads=0 | tar --extract --no-same-owner --directory="$2"`;
  await runCommand(['bash', '-o', 'pipefail', '-c', script, 'bash', deb, unpacked], { signal });
  const inside = join(unpacked, name);
  if (!isKernelTree(inside)) {
    throw new PackageError(`Cannot use ${deb}: expected a kernel source in ${name}/, found none`);
  }
  await rename(inside, tree);
  await rm(unpacked, { recursive: true });
}

function sourceFolder({ cacheDir }: PackageContext, name: string, version: string): string {
  return join(cacheDir, 'sources', `${name}_${version}`);
}

function megabytes({ bytes }: PackageRecord): number {
  return Math.ceil(bytes / 1e6);
}
