// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { readFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Header, pack as packTar } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { FormatError, InterruptedError } from '../../errors.ts';
import { type TempDir, makeTempDir } from '../../process/temp-dir.ts';
import { pack, writeResults } from './testing/results-builder.ts';
import { unpackArchive } from './unpack-archive.ts';

const { signal } = new AbortController();

/** Makes an archive of entries as tar itself would not. */
async function archiveOf(temp: TempDir, entries: readonly (Partial<Header> & { text?: string })[]) {
  const tar = packTar();
  for (const { text = '', ...header } of entries) {
    const isFile = header.type === undefined || header.type === 'file';
    if (isFile) tar.entry({ name: '', ...header, size: Buffer.byteLength(text) }, text);
    else tar.entry({ name: '', ...header });
  }
  tar.finalize();
  const path = join(temp.path, 'a.tar');
  await pipeline(tar, createWriteStream(path));
  return path;
}

async function unpacked(archive: string): Promise<string[]> {
  await using to = await makeTempDir();
  await unpackArchive(archive, to.path, signal);
  const found = await readdir(to.path, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name).slice(to.path.length + 1))
    .toSorted();
}

describe('unpackArchive', () => {
  it.each(['a.tar', 'a.tar.gz', 'a.tgz', 'a.tar.zst'])('reads %s', async (name) => {
    await using temp = await makeTempDir();
    const results = await writeResults(join(temp.path, 'r'), null, { cell: 'match' });
    const archive = await pack(results, join(temp.path, name));
    await using to = await makeTempDir();
    await unpackArchive(archive, to.path, signal);
    const [there, here] = [to.path, results].map((path) => readFile(join(path, 'cell/cell.json')));
    expect(await there).toEqual(await here);
  });

  it('takes the files of bundles and plans, and leaves the rest', async () => {
    await using temp = await makeTempDir();
    const archive = await archiveOf(temp, [
      { name: './', type: 'directory' },
      { name: './run/plan.json', text: '{}' },
      { name: './run/index.html', text: '<p>' },
      { name: 'run/cell/', type: 'directory' },
      { name: 'run/cell/cell.json', text: '{}' },
      { name: 'run/cell/system/iomem', text: 'x' },
      { name: 'run/cell/system/other', text: 'x' },
      { name: 'run/cell/verdict.json', text: '{}' },
      { name: '.ssh/authorized_keys', text: 'x' },
    ]);
    expect(await unpacked(archive)).toEqual([
      'run/cell/cell.json',
      'run/cell/system/iomem',
      'run/plan.json',
    ]);
  });

  it.each<[string, Partial<Header> & { text?: string }, string]>([
    [
      'a link',
      { name: 'r/c/cell.json', type: 'symlink', linkname: '/etc/passwd' },
      'expected files and folders, found a symlink: r/c/cell.json',
    ],
    [
      'a hard link',
      { name: 'r/c/cell.json', type: 'link', linkname: 'r/plan.json' },
      'expected files and folders, found a link: r/c/cell.json',
    ],
    [
      'a device',
      { name: 'r/c/console.log', type: 'character-device' },
      'expected files and folders, found a character-device: r/c/console.log',
    ],
    [
      'a pipe',
      { name: 'r/c/console.log', type: 'fifo' },
      'expected files and folders, found a fifo: r/c/console.log',
    ],
    ['a way out', { name: '../c/cell.json' }, 'expected paths inside of it, found ../c/cell.json'],
    [
      'a way out in the middle',
      { name: 'r/../../c/cell.json' },
      'expected paths inside of it, found r/../../c/cell.json',
    ],
    [
      'an absolute path',
      { name: '/etc/cell.json' },
      'expected paths inside of it, found /etc/cell.json',
    ],
    [
      'a folder outside',
      { name: '../c/', type: 'directory' },
      'expected files and folders, found a directory: ../c/',
    ],
    [
      'a deep path',
      { name: 'a/'.repeat(9) + 'cell.json' },
      'expected paths inside of it, found a/a/a/a/a/a/a/a/a/cell.json',
    ],
    [
      'a large record',
      { name: 'r/c/cell.json', text: 'x'.repeat(2 ** 20 + 1) },
      'expected at most 1048576 bytes in r/c/cell.json, found 1048577',
    ],
  ])('refuses %s', async (_, entry, why) => {
    await using temp = await makeTempDir();
    const archive = await archiveOf(temp, [{ name: 'r/plan.json', text: '{}' }, entry]);
    await expect(unpacked(archive)).rejects.toThrow(
      new FormatError(`Cannot unpack ${archive}: ${why}`),
    );
  });

  it('refuses a file that is there twice', async () => {
    await using temp = await makeTempDir();
    const twice = { name: 'r/plan.json', text: '{}' };
    const archive = await archiveOf(temp, [twice, twice]);
    await expect(unpacked(archive)).rejects.toThrow(
      'expected each file once, found r/plan.json twice',
    );
  });

  it.each([
    ['a.tar', 'Unexpected end of data'],
    ['a.tar.gz', 'unexpected end of file'],
    ['a.tar.zst', 'expected a whole zstd file, zstd says "premature end"'],
  ])('refuses %s that was cut', async (name, why) => {
    await using temp = await makeTempDir();
    const results = await writeResults(join(temp.path, 'r'), null, { cell: 'match' });
    const archive = await pack(results, join(temp.path, name));
    await truncate(archive, 2000);
    await expect(unpacked(archive)).rejects.toThrow(
      new FormatError(`Cannot unpack ${archive}: ${why}`),
    );
  });

  it.each([
    ['nothing', '', 'expected a tar, found nothing in it'],
    ['text', 'no tar\n'.repeat(1000), 'Invalid tar header'],
  ])('refuses %s', async (_, text, why) => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'a.tar');
    await writeFile(path, text);
    await expect(unpacked(path)).rejects.toThrow(`Cannot unpack ${path}: ${why}`);
  });

  it('ends when it is interrupted', async () => {
    await using temp = await makeTempDir();
    const results = await writeResults(join(temp.path, 'r'), null, { cell: 'match' });
    const archive = await pack(results, join(temp.path, 'a.tar.gz'));
    await expect(unpackArchive(archive, temp.path, AbortSignal.abort())).rejects.toThrow(
      InterruptedError,
    );
  });
});
