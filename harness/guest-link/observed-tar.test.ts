// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { SurpriseError } from '../errors.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { readObservedTar } from './observed-tar.ts';

/** Writes a tar at the start of a larger disk image; gives the length of the tar. */
async function writeImage(path: string, entries: Record<string, string>): Promise<number> {
  const tar = pack();
  for (const [name, content] of Object.entries(entries)) tar.entry({ name }, content);
  tar.entry({ name: 'link', type: 'symlink', linkname: '/etc/passwd' });
  tar.finalize();
  await pipeline(tar, createWriteStream(path));
  const { size } = await stat(path);
  await truncate(path, size + 1_000_000);
  return size;
}

describe('readObservedTar()', () => {
  it('returns files by name, without names that could escape from the folder', async () => {
    await using temp = await makeTempDir();
    const image = join(temp.path, 'disk');
    const bytes = await writeImage(image, {
      iomem: 'a',
      '../../evil': 'b',
      '/etc/x': 'c',
      '.hidden': 'd',
    });
    expect(await readObservedTar(image, bytes)).toEqual(new Map([['iomem', Buffer.from('a')]]));
  });

  it('refuses a tar that is cut short within a file', async () => {
    await using temp = await makeTempDir();
    const image = join(temp.path, 'disk');
    await writeImage(image, { dmesg: 'x'.repeat(5000) });
    await expect(readObservedTar(image, 1024)).rejects.toThrow(SurpriseError);
  });

  it('refuses bytes that are not a tar', async () => {
    await using temp = await makeTempDir();
    const image = join(temp.path, 'disk');
    await writeFile(image, Buffer.alloc(4096, 0x5a));
    await expect(readObservedTar(image, 4096)).rejects.toThrow(
      /^Cannot follow the guest: .*: expected a tar of what it observed, found /,
    );
  });
});
