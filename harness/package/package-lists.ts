// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { z } from 'zod';
import { PackageError } from '../errors.ts';
import type { Log } from '../log.ts';
import { noteUse } from '../process/cache-use.ts';
import { readCachedJson, writeCachedJson } from '../process/cache.ts';
import { sha256 } from '../process/file-hash.ts';
import { type AptClient, configureApt, readKeptParagraphs, updateLists } from './apt-client.ts';
import { findMirror } from './debian-mirror.ts';
import { type PackageRecord, packageRecordSchema, parsePackageRecords } from './package-records.ts';

/** What finding a package needs from its caller. */
export interface PackageContext {
  /** The user's cache folder for sub1m, an absolute path. */
  readonly cacheDir: string;
  /** The mirror that the user named, if any. */
  readonly mirror: string | undefined;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** What the mirror offers: the packages that sub1m can use. */
const listsSchema = z.object({
  /** When the mirror was last asked, ISO 8601. */
  fetched: z.iso.datetime(),
  packages: z.array(packageRecordSchema),
});

type PackageLists = Readonly<z.infer<typeof listsSchema>>;

/** Lists older than this may lack the newest packages, ms. */
const LISTS_AGE_MS = 24 * 60 * 60 * 1000;

/** Lists younger than this are not fetched again just because a package is missing from them, ms. */
const LISTS_AGE_UNKNOWN_MS = 10 * 60 * 1000;

const fetching = new Map<string, Promise<PackageLists>>();

/** The lists in the cache, or new ones from the mirror if the cached ones are older than `maxAgeMs`. */
export async function packageLists(
  context: PackageContext,
  maxAgeMs = LISTS_AGE_MS,
): Promise<PackageLists> {
  const client = aptClient(context);
  await noteUse(client.folder, context.signal);
  const kind = { schema: listsSchema, log: context.log };
  const cached = await readCachedJson(cachePath(client.folder), kind);
  if (cached !== undefined && isYounger(cached, maxAgeMs)) return cached;
  const underWay =
    fetching.get(client.folder) ??
    fetchLists(client, context.mirror).finally(() => fetching.delete(client.folder));
  fetching.set(client.folder, underWay);
  return underWay;
}

/** The packages in the lists; in new lists, if `find` finds nothing in those of the cache. */
export async function packagesWith(
  find: (packages: readonly PackageRecord[]) => unknown,
  context: PackageContext,
): Promise<readonly PackageRecord[]> {
  const { packages } = await packageLists(context);
  if (find(packages) !== undefined) return packages;
  return (await packageLists(context, LISTS_AGE_UNKNOWN_MS)).packages;
}

/** Lists dated in the future are as good as old: a clock was wrong, and nobody knows when. */
function isYounger({ fetched }: PackageLists, maxAgeMs: number): boolean {
  const age = Date.now() - Date.parse(fetched);
  return maxAgeMs === Infinity || (age >= 0 && age < maxAgeMs);
}

/** The private apt of this mirror. */
export function aptClient({ cacheDir, mirror, signal, log }: PackageContext): AptClient {
  const name = mirror === undefined ? 'host' : sha256(mirror).slice(0, 16);
  return { folder: join(cacheDir, 'apt', name), signal, log };
}

async function fetchLists(client: AptClient, named: string | undefined): Promise<PackageLists> {
  const mirror = await findMirror(named, client.signal);
  await configureApt(client, mirror);
  client.log.info(`asking ${mirror.archive} which packages Debian has`);
  const packages: PackageRecord[] = [];
  for (const list of await updateLists(client)) {
    packages.push(...parsePackageRecords(await readKeptParagraphs(client, list), list));
  }
  if (packages.length === 0) {
    throw new PackageError(
      `Cannot list Debian's packages: ${mirror.archive} has none that sub1m can use`,
    );
  }
  const lists = { fetched: new Date().toISOString(), packages };
  await writeCachedJson(cachePath(client.folder), lists);
  return lists;
}

function cachePath(folder: string): string {
  return join(folder, 'packages-1.json');
}
