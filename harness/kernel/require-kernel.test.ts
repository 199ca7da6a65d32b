// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FormatError, PackageError, UsageError } from '../errors.ts';
import { silentLog } from '../log.ts';
import type { PackageContext } from '../package/package-lists.ts';
import type { PackageRecord } from '../package/package-records.ts';
import { buildDeb } from '../package/testing/deb-builder.ts';
import { sealFolder } from '../process/cache-seal.ts';
import { sha256 } from '../process/file-hash.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { heardLog } from '../process/testing/heard-log.ts';
import { bzImage } from './testing/bz-image-builder.ts';
import { listKernels } from './list-kernels.ts';
import { requireKernel } from './require-kernel.ts';
import { kernelFolder } from './unpack-kernel.ts';

const FETCHED = new Date().toISOString();
const NAME = 'linux-image-6.12.43+deb12-cloud-amd64';
const VERSION = '6.12.43-1~bpo12+1';
const HASH = 'ab'.repeat(32);

let temp: TempDir;
let context: PackageContext;

/** A cache with fresh lists and one kernel: nothing is left to ask of a mirror. */
beforeEach(async () => {
  temp = await makeTempDir();
  const { signal } = new AbortController();
  context = { cacheDir: temp.path, mirror: undefined, signal, log: silentLog };
  const record = (name: string, version: string, depends: string): PackageRecord => {
    const uri = `http://mirror.example/${name}.deb`;
    return { name, version, suite: 'sid', uri, bytes: 7, sha256: HASH, depends };
  };
  const packages = [
    record(NAME, VERSION, 'kmod'),
    record('linux-image-7.1-cloud-amd64', '7.1-1', 'linux-binary-7.1-cloud-amd64 (= 7.1-1)'),
  ];
  await mkdir(join(temp.path, 'apt/host'), { recursive: true });
  await writeFile(
    join(temp.path, 'apt/host/packages-1.json'),
    JSON.stringify({ fetched: FETCHED, packages }),
  );
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

async function fillCache(): Promise<string> {
  const folder = kernelFolder(temp.path, [HASH]);
  const kernel = {
    release: '6.12.43+deb12-cloud-amd64',
    imageSha256: 'cd'.repeat(32),
    package: `${NAME} ${VERSION}`,
    modules: ['00-virtio.ko', '01-virtio_blk.ko'],
    networkModules: ['02-virtio_net.ko'],
  };
  await mkdir(join(folder, 'modules'), { recursive: true });
  await writeFile(join(folder, 'kernel.json'), JSON.stringify(kernel));
  await writeFile(join(folder, 'vmlinuz'), bzImage());
  for (const name of [...kernel.modules, ...kernel.networkModules]) {
    await writeFile(join(folder, 'modules', name), name);
  }
  await sealFolder(folder);
  return folder;
}

it('takes a kernel that is in the cache from there', async () => {
  const folder = await fillCache();
  expect(await requireKernel('debian:6.12', context)).toEqual({
    ref: 'debian:6.12',
    release: '6.12.43+deb12-cloud-amd64',
    image: join(folder, 'vmlinuz'),
    // That of the bytes, not the noted one.
    imageSha256: sha256(bzImage()),
    modules: [join(folder, 'modules/00-virtio.ko'), join(folder, 'modules/01-virtio_blk.ko')],
    networkModules: [join(folder, 'modules/02-virtio_net.ko')],
    moduleSha256: new Map(
      ['00-virtio.ko', '01-virtio_blk.ko', '02-virtio_net.ko'].map((name) => [
        join(folder, 'modules', name),
        sha256(name),
      ]),
    ),
    package: `${NAME} ${VERSION}`,
    policy: null,
  });
});

it('lists the kernels on offer, and whether they are in the cache', async () => {
  const listing = {
    ref: `debian:${VERSION}`,
    package: NAME,
    version: VERSION,
    flavour: 'cloud',
    suite: 'sid',
    downloadBytes: 7,
    listed: FETCHED,
  };
  expect(await listKernels(context)).toEqual([{ ...listing, cached: false }]);
  await fillCache();
  expect(await listKernels(context)).toEqual([{ ...listing, cached: true }]);
});

it('names the nearest kernels if a version does not exist', async () => {
  await expect(requireKernel('debian:6.13', context)).rejects.toThrow(
    new UsageError(
      `Cannot find the kernel debian:6.13: the nearest are debian:${VERSION}; ` +
        '"sub1m kernels" lists all',
    ),
  );
});

it('names the part of a kernel that the mirror no longer has', async () => {
  await expect(requireKernel('debian:7.1', context)).rejects.toThrow(
    new PackageError(
      'Cannot get the kernel debian:7.1: no suite has linux-binary-7.1-cloud-amd64 any more; ' +
        `the nearest are debian:${VERSION}; "sub1m kernels" lists all`,
    ),
  );
});

it('takes a bare image', async () => {
  const path = join(temp.path, 'bzImage');
  await writeFile(path, bzImage());
  expect(await requireKernel(path, context)).toEqual({
    ref: path,
    release: '6.12.43-test',
    image: path,
    imageSha256: sha256(bzImage()),
    modules: [],
    networkModules: [],
    moduleSha256: new Map(),
    package: null,
    policy: null,
  });
});

it.each([
  { file: 'kernel.json', damaged: '' },
  { file: 'kernel.json', damaged: '{"release": "6.12"}' },
  { file: 'kernel.json', damaged: '{"release": "6.12.43-test", "imageSha256": "' },
  { file: 'vmlinuz', damaged: '' },
  { file: 'vmlinuz', damaged: bzImage().subarray(0, 600) },
  { file: 'sealed.json', damaged: '{"schema":1' },
])(
  'unpacks a package again if $file in the cache is damaged: $damaged',
  async ({ file, damaged }) => {
    const files = {
      'boot/vmlinuz-6.12': bzImage(),
      'lib/modules/6.12/modules.builtin': 'kernel/virtio_pci.ko\nkernel/virtio_blk.ko\n',
    };
    const deb = await buildDeb(temp.path, { name: 'linux-image-6.12', version: '6.12-1', files });
    const kernel = await requireKernel(deb, context);
    await writeFile(join(dirname(kernel.image), file), damaged);
    const said: string[] = [];
    const log = heardLog(said, 'warn');
    for (let reads = 0; reads < 2; reads++) {
      expect(await requireKernel(deb, { ...context, log })).toEqual(kernel);
    }
    expect(await readFile(kernel.image)).toEqual(Buffer.from(bzImage()));
    expect(said).toEqual([
      expect.stringMatching(/^cache: \S+ was damaged \((?:sealed|kernel|vmlinuz).*\); made anew$/),
    ]);
  },
);

describe('a package that an older sub1m unpacked', () => {
  /** Its kernel, and what is said of it when it is used: by then the package is gone. */
  async function useOld(damage: (folder: string) => Promise<unknown>): Promise<string[]> {
    const files = {
      'boot/vmlinuz-6.12': bzImage(),
      'lib/modules/6.12/modules.builtin': 'kernel/virtio_pci.ko\nkernel/virtio_blk.ko\n',
    };
    const deb = await buildDeb(temp.path, { name: 'linux-image-6.12', version: '6.12-1', files });
    const kernel = await requireKernel(deb, context);
    const folder = dirname(kernel.image);
    await rm(join(folder, 'sealed.json'));
    await damage(folder);
    const { ino } = await stat(folder);
    const said: string[] = [];
    const log = heardLog(said, 'warn');
    for (let reads = 0; reads < 2; reads++) {
      expect(await requireKernel(deb, { ...context, log })).toEqual(kernel);
    }
    expect(existsSync(join(folder, 'sealed.json'))).toBe(true);
    return [...said, (await stat(folder)).ino === ino ? 'kept' : 'anew'];
  }

  it('is taken as it is', async () => {
    expect(await useOld(() => Promise.resolve())).toEqual(['kept']);
  });

  it.each([
    { file: 'vmlinuz', how: (path: string) => truncate(path, 700), said: 'expected 5120 bytes' },
    { file: 'vmlinuz', how: (path: string) => appendFile(path, 'x'), said: 'expected sha256' },
    { file: 'vmlinuz', how: (path: string) => rm(path), said: 'no such file' },
    { file: 'kernel.json', how: (path: string) => truncate(path, 9), said: 'cannot be read' },
  ])('is unpacked again if $file says: $said', async ({ file, how, said }) => {
    const saying = expect.stringMatching(`was damaged .*${said}.*; made anew`) as string;
    expect(await useOld((folder) => how(join(folder, file)))).toEqual([saying, 'anew']);
  });
});

it('says that there is no such file', async () => {
  await expect(requireKernel('no/bzImage', context)).rejects.toThrow(
    new UsageError(
      'Cannot find the kernel no/bzImage: no such file; name a bzImage, a .deb or debian:<version>',
    ),
  );
});

it('does not take a folder', async () => {
  await expect(requireKernel(temp.path, context)).rejects.toThrow(
    new FormatError(
      `Cannot use ${temp.path} as a kernel: expected a bzImage or .deb, found a folder; ` +
        'after a build the image is arch/x86/boot/bzImage',
    ),
  );
});
