// SPDX-License-Identifier: MIT
/** Kernel packages of somebody who means no good: they write nothing outside, and end in one line. */
import { lstat, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PackageError } from '../errors.ts';
import { type DebEntry, writeHostileDeb } from '../package/testing/hostile-deb-builder.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { bzImage } from './testing/bz-image-builder.ts';
import { readDeb, unpackKernel } from './unpack-kernel.ts';

const { signal } = new AbortController();
const CONTROL = { Package: 'linux-image-6.12', Version: '6.12-1', Architecture: 'amd64' };
const BUILTIN = {
  name: './lib/modules/6.12/modules.builtin',
  content: 'kernel/virtio_pci.ko\nkernel/virtio_blk.ko\n',
};
const VMLINUZ = './boot/vmlinuz-6.12';

let temp: TempDir;
beforeEach(async () => {
  temp = await makeTempDir();
  await mkdir(join(temp.path, 'outside'));
  await mkdir(join(temp.path, 'kernel'));
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

/** Unpacks packages, one for each list of entries; nothing that is outside may change. */
async function unpack(...packages: readonly (readonly DebEntry[])[]): Promise<void> {
  const outside = join(temp.path, 'outside');
  await writeFile(join(outside, 'victim'), 'untouched\n');
  const debs = await Promise.all(
    packages.map((entries, nr) => writeHostileDeb(join(temp.path, `${nr}.deb`), CONTROL, entries)),
  );
  try {
    await unpackKernel(debs, join(temp.path, 'kernel'), {
      name: 'linux-image-6.12 6.12-1',
      signal,
    });
  } finally {
    expect(await readdir(outside)).toEqual(['victim']);
    expect(await readFile(join(outside, 'victim'), 'utf8')).toBe('untouched\n');
  }
}

const image = { name: VMLINUZ, content: Buffer.from(bzImage()) };

describe('a kernel package', () => {
  it.each([
    ['is a link', { name: VMLINUZ, type: 'symlink', linkname: '../../outside/victim' }],
    ['is a hard link', { name: VMLINUZ, type: 'link', linkname: '/etc/passwd' }],
    ['is a pipe', { name: VMLINUZ, type: 'fifo' }],
    ['is a device', { name: VMLINUZ, type: 'block-device', devmajor: 8, devminor: 0 }],
    ['climbs', { name: './boot/../../outside/boot/vmlinuz-6.12', content: 'x' }],
    ['is absolute', { name: '/boot/vmlinuz-6.12', content: 'x' }],
  ] as const)('whose image %s has none', async (_, entry) => {
    await expect(unpack([entry, BUILTIN])).rejects.toThrow('it has no vmlinuz');
  });

  it.each([
    ['in the same package', (link: DebEntry, file: DebEntry) => [[link, file, image]]],
    ['in another part', (link: DebEntry, file: DebEntry) => [[link], [file, image]]],
  ])('writes through no link %s', async (_, parts) => {
    const link = { name: './lib', type: 'symlink', linkname: join(temp.path, 'outside') } as const;
    await unpack(...parts(link, BUILTIN));
    const kernel = join(temp.path, 'kernel');
    expect((await readdir(kernel)).toSorted()).toEqual(['kernel.json', 'modules', 'vmlinuz']);
    expect((await lstat(join(kernel, 'vmlinuz'))).isFile()).toBe(true);
  });

  it('whose tar is cut short is one error', async () => {
    const entry = { name: './boot/vmlinuz-6.12', content: 'x'.repeat(100_000) };
    const deb = await writeHostileDeb(join(temp.path, 'cut.deb'), CONTROL, [entry]);
    await writeFile(deb, (await readFile(deb)).subarray(0, 50_000));
    const unpacking = unpackKernel([deb], join(temp.path, 'kernel'), { name: 'x', signal });
    await expect(unpacking).rejects.toThrow(PackageError);
  });

  // Dpkg-deb sees to that, and the two become part of the names of files.
  it.each([
    ['a name that climbs', { Package: '../../x' }, 'invalid package name'],
    ['a version that climbs', { Version: '1/../../x' }, 'invalid character in version number'],
    ['a control character', { Package: 'a\u001b[2J' }, 'invalid package name'],
    ['no version', { Version: '' }, 'version string is empty'],
  ])('with %s is refused', async (_, fields, found) => {
    const deb = await writeHostileDeb(join(temp.path, 'x.deb'), { ...CONTROL, ...fields }, []);
    await expect(readDeb(deb, signal)).rejects.toThrow(PackageError);
    await expect(readDeb(deb, signal)).rejects.toThrow(found);
  });
});
