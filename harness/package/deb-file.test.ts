// SPDX-License-Identifier: MIT
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PackageError } from '../errors.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { debFields, unpackDeb } from './deb-file.ts';
import { buildDeb } from './testing/deb-builder.ts';

const { signal } = new AbortController();

it('reads fields, missing ones as empty', async () => {
  await using temp = await makeTempDir();
  const deb = await buildDeb(temp.path, { name: 'ovmf', version: '2022.11-6+deb12u2' });
  expect(await debFields(deb, ['Package', 'Depends', 'Version'], signal)).toEqual([
    'ovmf',
    '',
    '2022.11-6+deb12u2',
  ]);
});

it('unpacks over existing files', async () => {
  await using temp = await makeTempDir();
  const files = { 'usr/share/OVMF/OVMF_CODE.fd': 'code' };
  const deb = await buildDeb(temp.path, { name: 'ovmf', version: '1', files });
  const tree = join(temp.path, 'tree');
  await mkdir(tree);
  await writeFile(join(tree, 'kept'), '');
  await unpackDeb(deb, tree, signal);
  expect(await readFile(join(tree, 'usr/share/OVMF/OVMF_CODE.fd'), 'utf8')).toBe('code');
  expect(await readFile(join(tree, 'kept'), 'utf8')).toBe('');
});

it('names a package that cannot be read', async () => {
  await using temp = await makeTempDir();
  const deb = join(temp.path, 'no.deb');
  await writeFile(deb, 'no archive\n');
  for (const reading of [unpackDeb(deb, temp.path, signal), debFields(deb, ['Package'], signal)]) {
    const error: unknown = await reading.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(PackageError);
    expect(String(error)).toContain(`Cannot read the package ${deb}: `);
  }
});
