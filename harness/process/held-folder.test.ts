// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import {
  link,
  lstat,
  mkdir,
  readFile,
  readdir,
  rename,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FormatError, HostError, UsageError } from '../errors.ts';
import { HeldFolder } from './held-folder.ts';
import { type TempDir, makeTempDir } from './temp-dir.ts';

let temp: TempDir;
const server = createServer();
const at = (name: string): string => join(temp.path, name);

beforeAll(async () => {
  temp = await makeTempDir();
  await mkdir(at('held/folder'), { recursive: true });
  await writeFile(at('held/folder/inner'), 'inner');
  await writeFile(at('held/file'), 'some text\n');
  await writeFile(at('outside'), 'of somebody else\n');
  await symlink('../outside', at('held/link'));
  await symlink('nowhere', at('held/dangling'));
  await symlink('folder', at('held/folder-link'));
  await symlink('held', at('alias'));
  execFileSync('mkfifo', [at('held/pipe')]);
  server.listen(at('held/socket'));
  await once(server, 'listening');
});

afterAll(async () => {
  server.close();
  await temp[Symbol.asyncDispose]();
});

describe('a file in a held folder', () => {
  it('is read', () => {
    using folder = HeldFolder.open(at('held'));
    using file = folder.file('file');
    expect(Buffer.from(file?.read(5, 4) ?? []).toString()).toBe('text');
    expect(file?.path).toBe(at('held/file'));
  });

  it('is undefined if there is none', () => {
    using folder = HeldFolder.open(at('held'));
    expect(folder.file('nothing')).toBeUndefined();
    expect(folder.folder('nothing')).toBeUndefined();
    expect([folder.has('nothing'), folder.has('dangling')]).toEqual([false, true]);
  });

  it.each([
    ['link', 'a symbolic link; put what it leads to in its place'],
    ['dangling', 'a symbolic link; put what it leads to in its place'],
    ['folder', 'a folder; name a file in it'],
    ['pipe', 'a pipe; save what it gives to a file first'],
    ['socket', 'a socket; name a file'],
  ])('is no %s', (name, found) => {
    using folder = HeldFolder.open(at('held'));
    expect(() => folder.file(name)).toThrow(
      new FormatError(`Cannot read ${at(`held/${name}`)}: expected a file, found ${found}`),
    );
  });

  it('may have a second name: there is nothing that this would overwrite', async () => {
    await link(at('outside'), at('held/second-name'));
    using folder = HeldFolder.open(at('held'));
    using file = folder.file('second-name');
    expect(file?.size).toBe(17);
  });

  it('says why it may not be read', () => {
    using folder = HeldFolder.open(at('held'));
    const name = 'x'.repeat(300);
    expect(() => folder.file(name)).toThrow(
      new UsageError(`Cannot read ${at(`held/${name}`)}: ENAMETOOLONG: name too long`),
    );
  });
});

describe('a held folder', () => {
  it.each([
    ['held/folder-link', 'a symbolic link; put what it leads to in its place'],
    ['alias', 'a symbolic link; put what it leads to in its place'],
    ['alias/', 'a symbolic link; put what it leads to in its place'],
    ['held/file', 'none'],
  ])('is not reached by %s', (name, found) => {
    expect(() => HeldFolder.open(at(name))).toThrow(FormatError);
    expect(() => HeldFolder.open(at(name))).toThrow(`expected a folder, found ${found}`);
  });

  it('is reached by a link that the user names', () => {
    using folder = HeldFolder.open(at('alias'), { follow: true });
    expect(folder.has('file')).toBe(true);
    expect(() => folder.folder('folder-link')).toThrow('expected a folder, found a symbolic link');
  });

  it('must be there', () => {
    expect(() => HeldFolder.open(at('nothing'))).toThrow(UsageError);
  });

  it('stays the same when another takes its name', async () => {
    await mkdir(at('first'));
    await writeFile(at('first/file'), 'first');
    using folder = HeldFolder.open(at('first'));
    await rename(at('first'), at('moved'));
    await symlink('held', at('first'));
    using file = folder.file('file');
    expect(file?.size).toBe(5);
    folder.replace('made', 'made');
    expect(await readFile(at('moved/made'), 'utf8')).toBe('made');
  });

  it('lists no more than it is asked to', async () => {
    await mkdir(at('three'));
    for (const name of ['a', 'b', 'c']) await writeFile(at(`three/${name}`), '');
    using folder = HeldFolder.open(at('three'));
    expect(
      folder
        .entries(3)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['a', 'b', 'c']);
    expect(() => folder.entries(2)).toThrow(
      new FormatError(
        `Cannot read ${at('three')}: expected at most 2 files and folders, found more`,
      ),
    );
  });
});

describe('replacing a file in a held folder', () => {
  it.each(['link', 'dangling', 'pipe', 'second', 'file', 'nothing'])(
    'puts a new file in the place of %s, and writes to nothing else',
    async (name) => {
      await using folder = await makeTempDir();
      const place = join(folder.path, name);
      const victim = join(folder.path, 'victim');
      await writeFile(victim, 'untouched');
      if (name === 'link') await symlink('victim', place);
      if (name === 'dangling') await symlink('made-by-link', place);
      if (name === 'pipe') execFileSync('mkfifo', [place]);
      if (name === 'second') await link(victim, place);
      if (name === 'file') await writeFile(place, 'old');
      using held = HeldFolder.open(folder.path);
      held.replace(name, 'new');
      expect((await lstat(place)).isFile()).toBe(true);
      expect(await readFile(place, 'utf8')).toBe('new');
      expect(await readFile(victim, 'utf8')).toBe('untouched');
      expect((await readdir(folder.path)).toSorted()).toEqual([name, 'victim'].toSorted());
    },
  );

  it('leaves nothing behind where a folder has the name', async () => {
    await using folder = await makeTempDir();
    await mkdir(join(folder.path, 'name'));
    using held = HeldFolder.open(folder.path);
    expect(() => {
      held.replace('name', 'new');
    }).toThrow(HostError);
    expect(await readdir(folder.path)).toEqual(['name']);
  });
});
