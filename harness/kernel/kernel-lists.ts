// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PackageError } from '../errors.ts';
import type { Log } from '../log.ts';
import { sha256 } from '../process/file-hash.ts';
import { type AptClient, configureApt, readKernelParagraphs, updateLists } from './apt-client.ts';
import { findMirror } from './debian-mirror.ts';
import { type PackageRecord, parsePackageRecords } from './package-records.ts';
import { replaceFile } from './replace-file.ts';

/** What finding a kernel needs from its caller. */
export interface KernelContext {
  /** The user's cache folder for sub1m, an absolute path. */
  readonly cacheDir: string;
  /** The mirror that the user named, if any. */
  readonly mirror: string | undefined;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** What the mirror offers: the packages of kernels and of their parts. */
interface KernelLists {
  /** When the mirror was last asked, ISO 8601. */
  readonly fetched: string;
  readonly packages: readonly PackageRecord[];
}

/** Lists older than this may lack the newest kernels, ms. */
const LISTS_AGE_MS = 24 * 60 * 60 * 1000;

const fetching = new Map<string, Promise<KernelLists>>();

/** The lists in the cache, or new ones from the mirror if those are older than `maxAgeMs`. */
export async function kernelLists(
  context: KernelContext,
  maxAgeMs = LISTS_AGE_MS,
): Promise<KernelLists> {
  const client = aptClient(context);
  const cached = await readCached(client.folder);
  if (cached !== undefined && Date.now() - Date.parse(cached.fetched) < maxAgeMs) return cached;
  const underWay =
    fetching.get(client.folder) ??
    fetchLists(client, context.mirror).finally(() => fetching.delete(client.folder));
  fetching.set(client.folder, underWay);
  return underWay;
}

/** The private apt of this mirror. */
export function aptClient({ cacheDir, mirror, signal, log }: KernelContext): AptClient {
  const name = mirror === undefined ? 'host' : sha256(mirror).slice(0, 16);
  return { folder: join(cacheDir, 'apt', name), signal, log };
}

async function fetchLists(client: AptClient, named: string | undefined): Promise<KernelLists> {
  const mirror = await findMirror(named, client.signal);
  await configureApt(client, mirror);
  client.log.info(`asking ${mirror.archive} which kernels Debian has`);
  const packages: PackageRecord[] = [];
  for (const list of await updateLists(client)) {
    packages.push(...parsePackageRecords(await readKernelParagraphs(client, list), list));
  }
  if (packages.length === 0) {
    throw new PackageError(`Cannot list Debian's kernels: ${mirror.archive} has none`);
  }
  const lists = { fetched: new Date().toISOString(), packages };
  await replaceFile(cachePath(client.folder), JSON.stringify(lists));
  return lists;
}

async function readCached(folder: string): Promise<KernelLists | undefined> {
  try {
    return JSON.parse(await readFile(cachePath(folder), 'utf8')) as KernelLists;
  } catch {
    return undefined;
  }
}

function cachePath(folder: string): string {
  return join(folder, 'kernels-1.json');
}
