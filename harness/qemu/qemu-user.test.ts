// SPDX-License-Identifier: MIT
import { chmod, chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { asUser, chooseQemuUser, isMapped } from './qemu-user.ts';

const isRoot = process.geteuid?.() === 0;

it.runIf(isRoot)('gives each QEMU of root a user of its own', async () => {
  const machine = { accel: 'tcg', binary: '/bin/true' } as const;
  const chosen = await Promise.all([chooseQemuUser(machine), chooseQemuUser(machine)]);
  const [one, two] = chosen.map(({ user }) => user?.uid);
  expect(one).toBeGreaterThanOrEqual(61_184);
  expect(one).toBeLessThanOrEqual(65_519);
  expect(one).not.toBe(two);
});

it.runIf(isRoot)('leaves root a QEMU that no other user reaches, and says so', async () => {
  await using folder = await makeTempDir();
  const binary = join(folder.path, 'qemu');
  await writeFile(binary, '', { mode: 0o755 });
  expect(await chooseQemuUser({ accel: 'tcg', binary })).toEqual({
    user: null,
    obstacle: `only root may use ${folder.path}`,
  });
  await chmod(folder.path, 0o711);
  expect((await chooseQemuUser({ accel: 'tcg', binary })).user).not.toBeNull();
});

it.runIf(isRoot).each([
  { mode: 0o666, group: null },
  { mode: 0o660, group: 7 },
])('under KVM joins the group of a device of mode $mode', async ({ mode, group }) => {
  await using folder = await makeTempDir();
  const device = await deviceOf(folder, mode);
  const { user } = await chooseQemuUser({ accel: 'kvm', binary: '/bin/true' }, device);
  expect(user?.group).toBe(group);
});

it.runIf(isRoot)('leaves root a QEMU that needs a device of root', async () => {
  await using folder = await makeTempDir();
  const device = await deviceOf(folder, 0o600);
  expect(await chooseQemuUser({ accel: 'kvm', binary: '/bin/true' }, device)).toEqual({
    user: null,
    obstacle: `only root may open ${device}`,
  });
  expect((await chooseQemuUser({ accel: 'tcg', binary: '/bin/true' }, device)).user).not.toBeNull();
});

/** What stands for KVM's device, of group 7. */
async function deviceOf({ path }: TempDir, mode: number): Promise<string> {
  const device = join(path, 'kvm');
  await writeFile(device, '');
  await chown(device, 0, 7);
  await chmod(device, mode);
  return device;
}

it('starts a command with no group but the one it needs, and makes it die with us', () => {
  expect(asUser({ uid: 61_184, group: null }).join(' ')).toBe(
    'setpriv --reuid=61184 --regid=61184 --clear-groups --pdeathsig=KILL --',
  );
  expect(asUser({ uid: 61_184, group: 108 })).toContain('--groups=108');
});

it.each([
  ['         0          0 4294967295\n', true],
  ['         0     100000      65536\n', true],
  ['         0       1000          1\n', false],
  ['         0       1000          1\n         1     100000      65536\n', true],
  ['', false],
])('reads a map of users: %j', (map, expected) => {
  expect(isMapped(map)).toBe(expected);
});
