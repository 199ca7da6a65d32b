// SPDX-License-Identifier: MIT
/** The cache, for `sub1m cache`: as lines for people, and as the document of `schema/host-schema.ts`. */
import { asciiJson } from '../memory/ascii-json.ts';
import { type CacheEntry, type Trimmed, totalBytes } from '../process/cache-entries.ts';
import { DOCUMENT_VERSIONS } from './schema/document.ts';
import type { CacheDocument } from './schema/host-schema.ts';
import { groupBy } from '../group-by.ts';

/** What each folder of the cache holds. */
export const CACHE_AREAS: Readonly<Record<string, string>> = {
  apt: "lists of a mirror's packages",
  builds: 'kernels built from source',
  fetched: 'what a worker got of a queue',
  firmware: 'machines whose firmware has done its part',
  guest: 'initramfs images, one for each kernel',
  'guest-base': 'programs for the initramfs',
  'guest-session': 'programs for "sub1m shell"',
  kernels: 'kernels out of packages and files',
  objects: 'what builds in a tree of yours leave for the next',
  ovmf: 'firmware of other releases',
  packages: 'other packages, unpacked',
  personality: 'the option ROM',
  series: 'patches of mailed series',
  sources: 'sources of kernels, and what builds leave for the next',
  trees: 'revisions of git trees, and what builds leave for the next',
};

/** The cache as it was found, and what was done about it. */
export interface ShownCache extends Trimmed {
  readonly folder: string;
  /** Bytes. */
  readonly limit: number;
  /** Whether entries were to be removed. */
  readonly isTrimmed: boolean;
}

/** For people: a line for each folder of the cache that holds something, and the sum. */
export function renderCache({ folder, limit, isTrimmed, removed, left }: ShownCache): string {
  const areas = groupBy(left, ({ area }) => area);
  const names = [...areas.keys()].toSorted();
  const width = Math.max(0, ...names.map((name) => name.length));
  const rows = names.map((name) => {
    const entries = areas.get(name) ?? [];
    const cells = [
      name.padEnd(width),
      counts(entries).padStart(12),
      renderBytes(totalBytes(entries)).padStart(8),
      `used ${renderDay(Math.max(...entries.map(({ usedMs }) => usedMs)))}`,
      CACHE_AREAS[name] ?? '',
    ];
    return cells.join('  ').trimEnd();
  });
  const done = isTrimmed
    ? [`Removed: ${counts(removed)}, ${renderBytes(totalBytes(removed))}.`]
    : [];
  const sum =
    `${folder}: ${counts(left)}, ${renderBytes(totalBytes(left))} of at most ${renderBytes(limit)}. ` +
    'SUB1M_CACHE_LIMIT sets another limit.';
  return `${[...rows, ...(rows.length > 0 ? [''] : []), ...done, sum].join('\n')}\n`;
}

/** For programs. */
export function renderCacheDocument({ folder, limit, removed, left }: ShownCache): string {
  const gone = new Set(removed);
  const entries = [...removed, ...left].toSorted((one, other) => one.usedMs - other.usedMs);
  const document: CacheDocument = {
    schema: DOCUMENT_VERSIONS.cache,
    folder,
    limitBytes: Math.round(limit),
    entries: entries.map((entry) => ({
      area: entry.area,
      path: entry.path,
      bytes: entry.bytes,
      used: new Date(entry.usedMs).toISOString(),
      removed: gone.has(entry),
    })),
  };
  return `${asciiJson(document, 2)}\n`;
}

function counts(entries: readonly CacheEntry[]): string {
  return entries.length === 1 ? '1 entry' : `${entries.length} entries`;
}

/** A size for people: `38 MB`, `1.8 GB`. */
export function renderBytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

function renderDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
