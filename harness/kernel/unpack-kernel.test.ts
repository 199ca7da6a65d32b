// SPDX-License-Identifier: MIT
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PackageError } from '../errors.ts';
import { buildDeb as build } from '../package/testing/deb-builder.ts';
import { runCommand } from '../process/owned-process.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { bzImage } from './testing/bz-image-builder.ts';
import { readDeb, unpackKernel } from './unpack-kernel.ts';

const { signal } = new AbortController();
const BUILTIN = 'lib/modules/6.12/modules.builtin';
const BLK = 'lib/modules/6.12/kernel/drivers/block/virtio_blk.ko';

let temp: TempDir;
beforeEach(async () => {
  temp = await makeTempDir();
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

/** A relocatable ELF file with nothing but a `.modinfo` section. */
function kernelModule(depends: string): Uint8Array {
  const modinfo = Buffer.from(`license=GPL\0depends=${depends}\0`);
  const names = Buffer.from('\0.modinfo\0.shstrtab\0');
  const e_shoff = 64 + modinfo.length + names.length;
  const ehdr = Buffer.alloc(64);
  ehdr.write('\x7fELF\x02\x01\x01', 'latin1');
  ehdr.writeUInt16LE(1, 16);
  ehdr.writeUInt16LE(62, 18);
  ehdr.writeUInt32LE(1, 20);
  ehdr.writeBigUInt64LE(BigInt(e_shoff), 40);
  for (const [at, value] of [
    [52, 64],
    [58, 64],
    [60, 3],
    [62, 2],
  ] as const)
    ehdr.writeUInt16LE(value, at);
  const section = (sh_name: number, sh_offset: number, sh_size: number): Buffer => {
    const shdr = Buffer.alloc(64);
    shdr.writeUInt32LE(sh_name, 0);
    shdr.writeUInt32LE(1, 4);
    shdr.writeBigUInt64LE(BigInt(sh_offset), 24);
    shdr.writeBigUInt64LE(BigInt(sh_size), 32);
    return shdr;
  };
  const sections = [
    Buffer.alloc(64),
    section(1, 64, modinfo.length),
    section(10, 64 + modinfo.length, names.length),
  ];
  return Buffer.concat([ehdr, modinfo, names, ...sections]);
}

function buildDeb(
  name: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  depends?: string,
): Promise<string> {
  const relations = depends === undefined ? {} : { depends };
  return build(temp.path, { name, version: '6.12-1', files, ...relations });
}

async function unpack(...debs: string[]): Promise<string> {
  const folder = join(temp.path, 'kernel');
  await mkdir(folder);
  await unpackKernel(debs, folder, { name: 'linux-image-6.12 6.12-1', signal });
  return folder;
}

it('unpacks a kernel that has its drivers built in', async () => {
  const builtin = 'kernel/drivers/virtio/virtio_pci.ko\nkernel/drivers/block/virtio_blk.ko\n';
  const deb = await buildDeb('linux-image-6.12', {
    'boot/vmlinuz-6.12': bzImage(),
    [BUILTIN]: builtin,
  });
  const folder = await unpack(deb);
  expect(await readdir(folder)).toEqual(['kernel.json', 'modules', 'vmlinuz']);
  expect(JSON.parse(await readFile(join(folder, 'kernel.json'), 'utf8'))).toEqual({
    release: '6.12.43-test',
    imageSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    package: 'linux-image-6.12 6.12-1',
    modules: [],
    networkModules: [],
  });
});

it('takes modules of every compression after those that they depend on', async () => {
  const root = 'usr/lib/modules/6.12';
  const modules = {
    'virtio_blk.ko': 'virtio,virtio_ring',
    'virtio-pci.ko': 'virtio-ring,virtio_pci_modern_dev',
    'virtio_pci_modern_dev.ko': '',
    'virtio_ring.ko': 'virtio',
    'virtio.ko': '',
    'virtio_net.ko': 'virtio_ring,failover',
    'failover.ko': '',
    'unneeded.ko': 'virtio',
  };
  const image = await buildDeb('linux-binary-6.12', { [`${root}/vmlinuz`]: bzImage() });
  const files = Object.entries(modules).map(([name, depends]) => [
    `${root}/kernel/${name}`,
    kernelModule(depends),
  ]);
  const tree = join(temp.path, 'linux-modules-6.12', root, 'kernel');
  await buildDeb('linux-modules-6.12', Object.fromEntries(files) as Record<string, Uint8Array>);
  await runCommand(['xz', join(tree, 'virtio-pci.ko')], { signal });
  await runCommand(['zstd', '-q', '--rm', join(tree, 'virtio_ring.ko')], { signal });
  await runCommand(['gzip', join(tree, 'virtio_blk.ko')], { signal });
  const folder = await unpack(image, await buildDeb('linux-modules-6.12', {}));
  expect(await readdir(join(folder, 'modules'))).toEqual([
    '00-virtio.ko',
    '01-virtio_ring.ko',
    '02-virtio_pci_modern_dev.ko',
    '03-virtio_pci.ko',
    '04-virtio_blk.ko',
    '05-failover.ko',
    '06-virtio_net.ko',
  ]);
  expect(JSON.parse(await readFile(join(folder, 'kernel.json'), 'utf8'))).toMatchObject({
    modules: [
      '00-virtio.ko',
      '01-virtio_ring.ko',
      expect.anything(),
      expect.anything(),
      '04-virtio_blk.ko',
    ],
    networkModules: ['05-failover.ko', '06-virtio_net.ko'],
  });
  expect(await readFile(join(folder, 'modules/01-virtio_ring.ko'))).toEqual(kernelModule('virtio'));
});

it('refuses a kernel that cannot reach a disk', async () => {
  const deb = await buildDeb('linux-image-6.12', {
    'boot/vmlinuz-6.12': bzImage(),
    [BUILTIN]: 'kernel/drivers/virtio/virtio_pci.ko\n',
  });
  await expect(unpack(deb)).rejects.toThrow(
    new PackageError(
      'Cannot reach a disk with this kernel: virtio_blk is neither built in nor a module; ' +
        'set CONFIG_VIRTIO_PCI and CONFIG_VIRTIO_BLK',
    ),
  );
});

it('refuses a package without a kernel', async () => {
  const deb = await buildDeb('linux-modules-6.12', { [BLK]: kernelModule('') });
  await expect(unpack(deb)).rejects.toThrow(
    new PackageError('Cannot use linux-image-6.12 6.12-1: it has no vmlinuz'),
  );
});

it('refuses modules that need each other', async () => {
  const root = 'lib/modules/6.12/kernel';
  const circle = await buildDeb('linux-image-6.12', {
    'boot/vmlinuz-6.12': bzImage(),
    [`${root}/virtio_pci.ko`]: kernelModule('virtio'),
    [`${root}/virtio.ko`]: kernelModule('virtio_pci'),
  });
  await expect(unpack(circle)).rejects.toThrow(
    new PackageError('Cannot load the module virtio_pci: it depends on itself'),
  );
});

it('refuses a package that is cut short', async () => {
  const deb = await buildDeb('linux-image-6.12', { 'boot/vmlinuz-6.12': bzImage() });
  await writeFile(deb, (await readFile(deb)).subarray(0, -4000));
  await expect(unpack(deb)).rejects.toThrow(`Cannot read the package ${deb}: `);
});

it('finds the parts of a split kernel in the same folder', async () => {
  const parts = ['base', 'binary', 'modules'].map((part) => `linux-${part}-6.12 (= 6.12-1)`);
  const depends = parts.join(', ');
  const image = await buildDeb('linux-image-6.12', {}, depends);
  const base = await buildDeb('linux-base-6.12', {});
  const binary = await buildDeb('linux-binary-6.12', {});
  const modules = join(temp.path, 'linux-modules-6.12_6.12-1_amd64.deb');
  await expect(readDeb(image, signal)).rejects.toThrow(
    new PackageError(
      `Cannot use ${image}: expected its other parts beside it, found no ${modules}; ` +
        'put them there or name debian:linux-image-6.12',
    ),
  );
  await buildDeb('linux-modules-6.12', {});
  expect(await readDeb(image, signal)).toEqual({
    name: 'linux-image-6.12 6.12-1',
    parts: [base, binary, modules],
  });
});
