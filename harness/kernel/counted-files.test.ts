// SPDX-License-Identifier: MIT
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { countingArguments, isCounting, keepNotes } from './counted-files.ts';

it('has make count where the config does', () => {
  expect(countingArguments('CONFIG_GCOV_KERNEL=y\n')).toContain('GCOV_PROFILE_memblock.o=y');
  expect(countingArguments('# CONFIG_GCOV_KERNEL is not set\n')).toEqual([]);
});

it('keeps the notes of a kernel that counts beside its image', async () => {
  await using temp = await makeTempDir();
  const [objects, image] = [join(temp.path, 'objects'), join(temp.path, 'bzImage')];
  await keepNotes(objects, image);
  expect(isCounting(image)).toBe(false);
  await mkdir(join(objects, 'mm'), { recursive: true });
  await writeFile(join(objects, 'mm/memblock.gcno'), 'notes');
  await writeFile(join(objects, 'mm/slub.gcno'), 'others');
  await keepNotes(objects, image);
  expect(isCounting(image)).toBe(true);
  expect(await readdir(join(temp.path, 'gcov/mm'))).toEqual(['memblock.gcno']);
});
