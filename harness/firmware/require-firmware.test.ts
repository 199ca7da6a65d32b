// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HostError, PackageError, UsageError } from '../errors.ts';
import { silentLog } from '../log.ts';
import type { PackageRecord } from '../package/package-records.ts';
import { sealFolder } from '../process/cache-seal.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { type FirmwareContext, requireFirmware } from './require-firmware.ts';

/** What a mirror has: suite, name and version. */
const PACKAGES = [
  'bullseye ovmf 2020.11-2+deb11u2',
  'bookworm ovmf 2022.11-6+deb12u2',
  'bookworm-backports ovmf 2024.11-1~bpo12+1',
  'trixie ovmf 2025.02-8+deb13u1',
  'sid linux-image-6.12.43-amd64 6.12.43-1',
  'sid ovmf 2026.08+ds-2',
  'sid ovmf-generic 2026.08+ds-2',
  'experimental ovmf-generic 2026.11-1',
  'bullseye-security ovmf 2020.11-2+deb11u3',
  'bookworm-security ovmf 2022.11-6+deb12u1',
];

const FEATURES = {
  '40-secure.json': ['requires-smm', 'secure-boot'],
  '60-plain.json': ['acpi-s3'],
};

let temp: TempDir;
let context: FirmwareContext;

/** A cache with fresh lists, and no firmware on the host: nothing is left to ask of a mirror. */
beforeEach(async () => {
  temp = await makeTempDir();
  const { signal } = new AbortController();
  const host = { mirror: undefined, firmwareFolders: [join(temp.path, 'host')] };
  context = { ...host, cacheDir: temp.path, signal, log: silentLog };
  await fillLists(PACKAGES);
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

async function fillLists(offered: readonly string[]): Promise<void> {
  const packages = offered.map((text): PackageRecord => {
    const [suite = '', name = '', version = ''] = text.split(' ');
    const uri = `http://mirror.example/${name}`;
    return { name, version, suite, uri, bytes: 1, sha256: hash(name, suite), depends: '' };
  });
  await mkdir(join(temp.path, 'apt/host'), { recursive: true });
  await writeFile(
    join(temp.path, 'apt/host/packages-1.json'),
    JSON.stringify({ fetched: new Date().toISOString(), packages }),
  );
}

/** In place of a package's SHA-256: what is looked for in the cache tells the package and its suite. */
function hash(name: string, suite: string): string {
  return `${name}.${suite}`;
}

/** Writes descriptors and images, named as below `root`, as a package has them. */
async function writeFirmware(
  tree: string,
  features: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const images = join(tree, 'usr/share/OVMF');
  const descriptors = join(tree, 'usr/share/qemu/firmware');
  await mkdir(images, { recursive: true });
  await mkdir(descriptors, { recursive: true });
  const file = (name: string): object => ({ filename: `/usr/share/OVMF/${name}`, format: 'raw' });
  for (const [name, has] of Object.entries(features)) {
    const descriptor = {
      description: name,
      'interface-types': ['uefi'],
      mapping: {
        device: 'flash',
        executable: file(`CODE-${name}.fd`),
        'nvram-template': file('VARS.fd'),
      },
      targets: [{ architecture: 'x86_64', machines: ['pc-q35-*'] }],
      features: has,
    };
    await writeFile(join(descriptors, name), JSON.stringify(descriptor));
    await writeFile(join(images, `CODE-${name}.fd`), '');
  }
  await writeFile(join(images, 'VARS.fd'), '');
}

it.each([
  ['debian:2020.11', '2020.11-2+deb11u3', 'ovmf.bullseye-security'],
  ['debian:2020.11-2+deb11u2', '2020.11-2+deb11u2', 'ovmf.bullseye'],
  ['debian:2022', '2022.11-6+deb12u2', 'ovmf.bookworm'],
  ['debian:bullseye', '2020.11-2+deb11u3', 'ovmf.bullseye-security'],
  ['debian:bookworm', '2022.11-6+deb12u2', 'ovmf.bookworm'],
  ['debian:bookworm-backports', '2024.11-1~bpo12+1', 'ovmf.bookworm-backports'],
  ['debian:sid', '2026.08+ds-2', 'ovmf-generic.sid'],
  ['debian:2026', '2026.08+ds-2', 'ovmf-generic.sid'],
  ['debian:2026.11', '2026.11-1', 'ovmf-generic.experimental'],
])('resolves %s to the version %s, and takes its plain descriptor', async (ref, version, from) => {
  const tree = join(temp.path, 'ovmf', `${version}-${from}`);
  await writeFirmware(tree, FEATURES);
  await sealFolder(tree);
  expect(await requireFirmware(ref, context)).toEqual({
    code: join(tree, 'usr/share/OVMF/CODE-60-plain.json.fd'),
    vars: join(tree, 'usr/share/OVMF/VARS.fd'),
    descriptor: join(tree, 'usr/share/qemu/firmware/60-plain.json'),
    description: '60-plain.json',
  });
});

it.each([
  [
    'debian:2023.05',
    'the nearest are debian:2022.11-6+deb12u1, debian:2022.11-6+deb12u2, ' +
      'debian:2024.11-1~bpo12+1, debian:2025.02-8+deb13u1',
  ],
  [
    'debian:2022.1',
    'the nearest are debian:2020.11-2+deb11u2, debian:2020.11-2+deb11u3, ' +
      'debian:2022.11-6+deb12u1, debian:2022.11-6+deb12u2',
  ],
  ['debian:9999', 'the nearest are debian:2026.08+ds-2, debian:2026.11-1'],
  [
    'debian:trixie-backports',
    'available are debian:2020.11-2+deb11u2, debian:2020.11-2+deb11u3, ' +
      'debian:2022.11-6+deb12u1, debian:2022.11-6+deb12u2, debian:2024.11-1~bpo12+1, ' +
      'debian:2025.02-8+deb13u1, debian:2026.08+ds-2, debian:2026.11-1',
  ],
])('says what is available if there is no %s', async (ref, have) => {
  await expect(requireFirmware(ref, context)).rejects.toThrow(
    new UsageError(`Cannot find the firmware ${ref}: ${have}`),
  );
});

it('reports a mirror without OVMF', async () => {
  await fillLists(['sid linux-image-6.12.43-amd64 6.12.43-1', 'sid ovmf-amdsev 2026.08+ds-2']);
  await expect(requireFirmware('debian:sid', context)).rejects.toThrow(
    new UsageError('Cannot find the firmware debian:sid: the mirror has none'),
  );
});

it.each([
  [
    'has no plain firmware',
    { '40-secure.json': ['requires-smm'] },
    (tree: string) =>
      'only these:\n' +
      `  ${tree}/usr/share/qemu/firmware/40-secure.json: it requires SMM, and the machine has none\n`,
  ],
  [
    'has no descriptors',
    {},
    (tree: string) => `no firmware descriptor in ${tree}/usr/share/qemu/firmware; `,
  ],
])('refuses a package that %s', async (_what, features, instead) => {
  const tree = join(temp.path, 'ovmf/2025.02-8+deb13u1-ovmf.trixie');
  await writeFirmware(tree, features);
  await sealFolder(tree);
  await expect(requireFirmware('debian:2025.02', context)).rejects.toThrow(
    new PackageError(
      'Cannot use the firmware of ovmf 2025.02-8+deb13u1: expected x86_64 UEFI firmware for q35 without SMM, found ' +
        `${instead(tree)}name another version`,
    ),
  );
});

it('takes an image with its variable store beside it', async () => {
  for (const name of ['OVMF_CODE_4M.fd', 'OVMF_VARS_4M.fd']) {
    await writeFile(join(temp.path, name), '');
  }
  const code = join(temp.path, 'OVMF_CODE_4M.fd');
  expect(await requireFirmware(code, context)).toEqual({
    code,
    vars: join(temp.path, 'OVMF_VARS_4M.fd'),
    descriptor: null,
    description: 'OVMF_CODE_4M.fd',
  });
});

it.each([
  [
    'that is not there',
    'OVMF_CODE_2M.fd',
    (path: string) =>
      `Cannot find the firmware ${path}: no such file; name an OVMF_CODE*.fd, debian:<version> or host`,
  ],
  [
    'that is a folder',
    'OVMF_CODE.fd',
    (path: string) =>
      `Cannot find the firmware ${path}: no such file; name an OVMF_CODE*.fd, debian:<version> or host`,
  ],
  [
    'that holds code and variables together',
    'OVMF.fd',
    (path: string) =>
      `Cannot use the firmware ${path}: expected a file OVMF_CODE*.fd, with its OVMF_VARS*.fd beside it`,
  ],
  [
    'that lies alone',
    'OVMF_CODE_4M.secboot.fd',
    (path: string) =>
      `Cannot use the firmware ${path}: expected its variable store beside it, ` +
      `found no ${path.replace('CODE', 'VARS')}; put it there`,
  ],
])('refuses an image %s', async (_what, name, message) => {
  await mkdir(join(temp.path, 'OVMF_CODE.fd'));
  await writeFile(join(temp.path, 'OVMF.fd'), '');
  await writeFile(join(temp.path, 'OVMF_CODE_4M.secboot.fd'), '');
  const path = join(temp.path, name);
  await expect(requireFirmware(path, context)).rejects.toThrow(new UsageError(message(path)));
});

it("takes the host's own, and says when there is none", async () => {
  await expect(requireFirmware('host', context)).rejects.toThrow(HostError);
  await writeFirmware(temp.path, FEATURES);
  const firmwareFolders = [join(temp.path, 'usr/share/qemu/firmware')];
  await expect(requireFirmware('host', { ...context, firmwareFolders })).rejects.toThrow(
    "access '/usr/share/OVMF/CODE-60-plain.json.fd'",
  );
});
