// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentLog } from '../log.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { OUR_CONFIG, buildRecipe } from './build-kernel.ts';
import { writeKernelTree } from './testing/kernel-tree-builder.ts';

it('begins another config without the objects of a build that was killed', async () => {
  await using temp = await makeTempDir();
  const source = join(temp.path, 'sources/linux-source-9.9_9.9-1');
  await mkdir(source, { recursive: true });
  await writeKernelTree(join(source, 'tree'));
  const noted = { name: 'linux-source-9.9', version: '9.9-1', sha256: 'ab'.repeat(32) };
  await writeFile(join(source, 'source.json'), JSON.stringify(noted));
  const recipe = join(temp.path, 'mine.json');
  const asked = { schema: 1, source: `debian:${noted.name}`, version: noted.version };
  await writeFile(recipe, JSON.stringify({ ...asked, patches: [], config: [OUR_CONFIG] }));
  await writeFile(join(temp.path, 'new.config'), 'CONFIG_NEW=y\n');
  const { signal } = new AbortController();
  const context = { cacheDir: temp.path, mirror: undefined, signal, log: silentLog };

  await buildRecipe(recipe, context);
  const folders = async (): Promise<string[]> =>
    (await readdir(source)).filter((name) => /^objects-[0-9a-f]+$/.test(name));
  const [killed = ''] = await folders();
  await writeFile(join(source, killed, 'half.o'), '');
  await utimes(join(source, killed, 'half.o'), 1, 1);
  const bootId = await readFile('/proc/sys/kernel/random/boot_id');
  await writeFile(join(source, killed, 'sub1m-building'), bootId);
  await buildRecipe(`${recipe}+${join(temp.path, 'new.config')}`, context);
  const [other = ''] = (await folders()).filter((name) => name !== killed);
  expect(existsSync(join(source, other, 'arch/x86/boot/bzImage'))).toBe(true);
  expect(existsSync(join(source, other, 'half.o'))).toBe(false);
});
