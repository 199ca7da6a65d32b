// SPDX-License-Identifier: MIT
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HostError } from '../errors.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { copyVars, findOvmf, requireOvmf } from './ovmf.ts';

/** What Debian's ovmf has in 60-edk2-x86_64.json; its images are /dev/null here. */
const PLAIN = {
  description: 'UEFI firmware for x86_64, without Secure Boot',
  'interface-types': ['uefi'],
  mapping: {
    device: 'flash',
    executable: { filename: '/dev/null', format: 'raw' },
    'nvram-template': { filename: '/dev/null', format: 'raw' },
  },
  targets: [{ architecture: 'x86_64', machines: ['pc-i440fx-*', 'pc-q35-*'] }],
  features: ['acpi-s3', 'amd-sev', 'verbose-dynamic'],
  tags: [],
};

const QCOW2 = { filename: '/dev/null', format: 'qcow2' };
const MISSING = { filename: '/nowhere/CODE.fd', format: 'raw' };

it('accepts the descriptor of a plain OVMF', async () => {
  await using folder = await makeTempDir();
  const descriptor = join(folder.path, '60-plain.json');
  await writeFile(descriptor, JSON.stringify(PLAIN));
  const ovmf = {
    code: '/dev/null',
    vars: '/dev/null',
    descriptor,
    description: 'UEFI firmware for x86_64, without Secure Boot',
  };
  expect(await findOvmf([folder.path])).toEqual({ found: [ovmf], rejected: [] });
  expect(await requireOvmf([folder.path])).toEqual(ovmf);
});

it.each([
  { why: 'it is not UEFI firmware', change: { 'interface-types': ['bios'] } },
  {
    why: 'it is not for x86_64 q35 machines',
    change: { targets: [{ architecture: 'aarch64', machines: ['virt-*'] }] },
  },
  {
    why: 'it is not for x86_64 q35 machines',
    change: { targets: [{ architecture: 'x86_64', machines: ['pc-i440fx-*'] }] },
  },
  {
    why: 'it does not go into flash',
    change: { mapping: { device: 'memory', filename: '/dev/null' } },
  },
  {
    why: 'it has no variable store of its own',
    change: { mapping: { ...PLAIN.mapping, mode: 'stateless' } },
  },
  {
    why: 'it requires SMM, and the machine has none',
    change: { features: ['amd-sev', 'requires-smm', 'secure-boot'] },
  },
  {
    why: 'it has Secure Boot, and the kernels are not signed',
    change: { features: ['secure-boot'] },
  },
  {
    why: 'its variable store has Secure Boot keys enrolled',
    change: { features: ['enrolled-keys'] },
  },
  { why: 'its images are not raw', change: { mapping: { ...PLAIN.mapping, executable: QCOW2 } } },
  {
    why: 'its images are not raw',
    change: { mapping: { ...PLAIN.mapping, 'nvram-template': QCOW2 } },
  },
  {
    why: "ENOENT: no such file or directory, access '/nowhere/CODE.fd'",
    change: { mapping: { ...PLAIN.mapping, executable: MISSING } },
  },
  {
    why:
      'it is not a firmware descriptor: ' +
      '✖ Invalid input: expected array, received undefined\n  → at features',
    change: { features: undefined },
  },
])('rejects a firmware: $why', async ({ why, change }) => {
  await using folder = await makeTempDir();
  const descriptor = join(folder.path, '50-other.json');
  await writeFile(descriptor, JSON.stringify({ ...PLAIN, ...change }));
  expect(await findOvmf([folder.path])).toEqual({ found: [], rejected: [{ descriptor, why }] });
});

it.each(['{', 'null', '[]', '{}', '\u0000'])('rejects the text %j, and goes on', async (text) => {
  await using folder = await makeTempDir();
  await writeFile(join(folder.path, '10-broken.json'), text);
  await writeFile(join(folder.path, '60-plain.json'), JSON.stringify(PLAIN));
  const { found, rejected } = await findOvmf([folder.path]);
  expect(found).toHaveLength(1);
  expect(rejected[0]?.why).toMatch(/^it is not a firmware descriptor: /);
});

it('sorts by name across folders; a later folder hides, and an empty file only hides', async () => {
  await using folder = await makeTempDir();
  const [usr, etc] = [join(folder.path, 'usr'), join(folder.path, 'etc')];
  await mkdir(usr);
  await mkdir(etc);
  const plain = JSON.stringify(PLAIN);
  await writeFile(join(usr, '20-hidden.json'), plain);
  await writeFile(join(etc, '20-hidden.json'), '');
  await writeFile(join(usr, '30-replaced.json'), plain);
  await writeFile(join(etc, '30-replaced.json'), plain);
  await writeFile(join(usr, '40-usr.json'), plain);
  await writeFile(join(etc, '10-etc.json'), plain);
  await writeFile(join(etc, '10-etc.json.orig'), plain);
  const { found, rejected } = await findOvmf([usr, etc, '/nowhere']);
  expect(found.map(({ descriptor }) => descriptor)).toEqual([
    join(etc, '10-etc.json'),
    join(etc, '30-replaced.json'),
    join(usr, '40-usr.json'),
  ]);
  expect(rejected).toEqual([]);
});

it('finds the images of an unpacked package below its root', async () => {
  await using folder = await makeTempDir();
  const image = (name: string): object => ({ filename: `/usr/share/OVMF/${name}`, format: 'raw' });
  const mapping = { ...PLAIN.mapping, executable: image('C.fd'), 'nvram-template': image('V.fd') };
  const descriptor = join(folder.path, '60-plain.json');
  await writeFile(descriptor, JSON.stringify({ ...PLAIN, mapping }));
  const images = join(folder.path, 'usr/share/OVMF');
  await mkdir(images, { recursive: true });
  await writeFile(join(images, 'C.fd'), '');
  const why = `ENOENT: no such file or directory, access '${join(images, 'V.fd')}'`;
  expect(await findOvmf([folder.path], folder.path)).toEqual({
    found: [],
    rejected: [{ descriptor, why }],
  });
  await writeFile(join(images, 'V.fd'), '');
  const { found } = await findOvmf([folder.path], folder.path);
  expect(found).toMatchObject([{ code: join(images, 'C.fd'), vars: join(images, 'V.fd') }]);
});

it('names the package if there is nothing', async () => {
  await expect(requireOvmf(['/nowhere', '/no'])).rejects.toThrow(
    new HostError(
      'Cannot find OVMF: expected x86_64 UEFI firmware for q35 without SMM, ' +
        'found no firmware descriptor in /nowhere, /no; install the package ovmf, or use --ovmf',
    ),
  );
});

it('says what was rejected and why if nothing is usable', async () => {
  await using folder = await makeTempDir();
  const descriptor = join(folder.path, '40-secure.json');
  await writeFile(descriptor, JSON.stringify({ ...PLAIN, features: ['enrolled-keys'] }));
  await expect(requireOvmf([folder.path])).rejects.toThrow(
    new HostError(
      'Cannot find OVMF: expected x86_64 UEFI firmware for q35 without SMM, found only these:\n' +
        `  ${descriptor}: its variable store has Secure Boot keys enrolled\n` +
        'install the package ovmf, or use --ovmf',
    ),
  );
});

it('makes a writable copy of the variable store, whatever its mode', async () => {
  await using folder = await makeTempDir();
  const vars = join(folder.path, 'template.fd');
  await writeFile(vars, 'empty store');
  await chmod(vars, 0o444);
  const copy = await copyVars({ code: '', vars, descriptor: '', description: '' }, folder.path);
  expect(copy).toBe(join(folder.path, 'OVMF_VARS.fd'));
  expect(await readFile(copy, 'utf8')).toBe('empty store');
  expect((await stat(copy)).mode & 0o200).toBe(0o200);
});
