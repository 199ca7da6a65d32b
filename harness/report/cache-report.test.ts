// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { runCommand } from '../process/owned-process.ts';
import { projectPath } from '../project-root.ts';
import { CACHE_AREAS, renderCache, renderCacheDocument } from './cache-report.ts';
import { violations } from './testing/documents.ts';

const entry = (area: string, bytes: number, day: number) => ({
  area,
  path: `/c/${area}/${day}`,
  bytes,
  usedMs: Date.parse(`2026-11-0${day}`),
});

const GONE = entry('sources', 1.8e9, 1);
const SHOWN = {
  folder: '/c',
  limit: 8.2e9,
  isTrimmed: true,
  removed: [GONE],
  left: [entry('kernels', 38e6, 3), entry('kernels', 2e6, 4), entry('new-area', 1, 2)],
};

describe('renderCache()', () => {
  it('has a line for each folder that holds something, what was removed, and the sum', () => {
    expect(renderCache(SHOWN)).toBe(
      [
        'kernels      2 entries     40 MB  used 2026-11-04  kernels out of packages and files',
        'new-area       1 entry      1 MB  used 2026-11-02',
        '',
        'Removed: 1 entry, 1.8 GB.',
        '/c: 3 entries, 41 MB of at most 8.2 GB. SUB1M_CACHE_LIMIT sets another limit.',
        '',
      ].join('\n'),
    );
  });

  it('says of an empty cache that it is empty', () => {
    const empty = { ...SHOWN, isTrimmed: false, removed: [], left: [] };
    expect(renderCache(empty)).toBe(
      '/c: 0 entries, 0 MB of at most 8.2 GB. SUB1M_CACHE_LIMIT sets another limit.\n',
    );
  });
});

it('tells programs of each entry whether it is gone', () => {
  const document: unknown = JSON.parse(renderCacheDocument(SHOWN));
  expect(violations('cache', document)).toEqual([]);
  expect(document).toMatchObject({
    limitBytes: 8.2e9,
    entries: [{ path: '/c/sources/1', removed: true }, { removed: false }, {}, {}],
  });
});

it('knows every folder that the program makes in the cache', async () => {
  const { signal } = new AbortController();
  const pattern = String.raw`cache(Dir|Folder), '[a-z-]+'`;
  const args = ['grep', '--recursive', '--only-matching', '--no-filename', '-E', pattern];
  const found = await runCommand([...args, '--include=*.ts', projectPath('harness')], { signal });
  const areas = [...found.matchAll(/'([a-z-]+)'/g)].map(([, name = '']) => name);
  // Bisections are files, not entries: "sub1m bisect --fresh" removes one.
  const known = new Set([...Object.keys(CACHE_AREAS), 'bisect']);
  expect(areas.length).toBeGreaterThan(10);
  expect(areas.filter((name) => !known.has(name))).toEqual([]);
});
