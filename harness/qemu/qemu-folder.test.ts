// SPDX-License-Identifier: MIT
import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HostError } from '../errors.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { HandedFiles } from './handed-files.ts';
import { QemuFolder } from './qemu-folder.ts';

/** What QEMU does with the path that it is told, done by this process: its descriptor has the same number. */
async function asQemu(seen: string, handed: HandedFiles, text: string): Promise<void> {
  const [, fd = '', name = ''] = /^\/proc\/self\/fd\/(\d+)\/(.*)$/.exec(seen) ?? [];
  await writeFile(`/proc/self/fd/${handed.descriptors[Number(fd) - 3]}/${name}`, text);
}

it('puts what QEMU writes where it is wanted, and leaves nothing', async () => {
  await using temp = await makeTempDir();
  await using handed = new HandedFiles();
  await using folder = await QemuFolder.make(temp.path, null, handed);
  const path = join(temp.path, 'memory');
  await folder.receive(path, (seen) => asQemu(seen, handed, 'four'), 4);
  expect(await readFile(path, 'utf8')).toBe('four');
  expect(await readdir(folder.path('.'))).toEqual([]);
});

it('refuses a file that a full disk cut', async () => {
  await using temp = await makeTempDir();
  await using handed = new HandedFiles();
  await using folder = await QemuFolder.make(temp.path, null, handed);
  const path = join(temp.path, 'memory');
  const receiving = folder.receive(path, (seen) => asQemu(seen, handed, 'thr'), 4);
  await expect(receiving).rejects.toThrow(
    new HostError(
      'Cannot save guest memory: expected 4 bytes, found 3; is there no room on the disk?',
    ),
  );
  expect(await readdir(temp.path)).toEqual(['qemu']);
});

it('is closed to QEMU but for what is in it', async () => {
  await using temp = await makeTempDir();
  await using handed = new HandedFiles();
  await using folder = await QemuFolder.make(temp.path, null, handed);
  expect((await stat(folder.path('.'))).mode & 0o777).toBe(0o711);
});
