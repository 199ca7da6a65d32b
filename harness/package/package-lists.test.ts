// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { replaceFile } from '../process/replace-file.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { type PackageContext, aptClient, packageLists } from './package-lists.ts';

/** Asking it fails before anything is sent. */
const NO_MIRROR = 'no mirror';

const PACKAGE = {
  name: 'linux-image-6.12',
  version: '6.12-1',
  suite: 'sid',
  uri: 'http://mirror.example/x.deb',
  bytes: 1,
  sha256: 'ab',
  depends: '',
};

const LISTS = { fetched: new Date().toISOString(), packages: [PACKAGE] };

async function listsFrom(cached: string): Promise<unknown> {
  await using temp = await makeTempDir();
  const { signal } = new AbortController();
  const context: PackageContext = {
    cacheDir: temp.path,
    mirror: NO_MIRROR,
    signal,
    log: silentLog,
  };
  await replaceFile(join(aptClient(context).folder, 'packages-1.json'), cached);
  return await packageLists(context);
}

it('takes lists that are in the cache from there', async () => {
  expect(await listsFrom(JSON.stringify(LISTS))).toEqual(LISTS);
});

it.each([
  { what: 'old', cached: JSON.stringify({ ...LISTS, fetched: '2020-01-01T00:00:00Z' }) },
  {
    what: 'dated in the future',
    cached: JSON.stringify({ ...LISTS, fetched: '2200-01-01T00:00:00Z' }),
  },
  { what: 'cut short', cached: JSON.stringify(LISTS).slice(0, -1) },
  { what: 'without a date', cached: JSON.stringify({ packages: [PACKAGE] }) },
  {
    what: 'with a package without a hash',
    cached: JSON.stringify({ ...LISTS, packages: [{ ...PACKAGE, sha256: undefined }] }),
  },
])('asks the mirror again if they are $what', async ({ cached }) => {
  await expect(listsFrom(cached)).rejects.toThrow(UsageError);
});
