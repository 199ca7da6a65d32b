// SPDX-License-Identifier: MIT
import { appendFile, mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FormatError, HostError, InputError, UsageError } from '../errors.ts';
import { sha256 } from '../process/file-hash.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { FolderStore } from './folder-store.ts';

const { signal } = new AbortController();

async function filled(folder: string) {
  const path = join(folder, 'store');
  await mkdir(path);
  const file = join(folder, 'kernel');
  await writeFile(file, 'the kernel');
  const store = await FolderStore.open(path);
  const hash = await store.put(file, signal);
  const place = join(path, hash.slice(0, 2), hash);
  return { store, path, file, hash, place, to: join(folder, 'out') };
}

describe('FolderStore', () => {
  it('gives what was put, by its hash, and keeps it once', async () => {
    await using temp = await makeTempDir();
    const { store, path, file, hash, to } = await filled(temp.path);
    expect(hash).toBe(sha256('the kernel'));
    await store.put(file, signal);
    await store.get(hash, to, signal);
    expect(await readFile(to, 'utf8')).toBe('the kernel');
    expect(await readdir(path, { recursive: true })).toHaveLength(2);
    await store.remove(hash);
    expect(await readdir(path, { recursive: true })).toHaveLength(1);
  });

  it('gives nothing that is damaged, says so, and takes it anew', async () => {
    await using temp = await makeTempDir();
    const { store, file, hash, place, to } = await filled(temp.path);
    await appendFile(place, '!');
    const getting = store.get(hash, to, signal);
    await expect(getting).rejects.toThrow(InputError);
    await expect(getting).rejects.toThrow(
      `it is damaged: expected sha256 ${hash}, found ${sha256('the kernel!')}`,
    );
    await expect(store.get(hash, to, signal)).rejects.toThrow('it has no such file');
    expect(await readdir(temp.path)).not.toContain('out');
    await store.put(file, signal);
    await store.get(hash, to, signal);
  });

  it('gives nothing that it does not have, and follows no link', async () => {
    await using temp = await makeTempDir();
    const { store, hash, place, to } = await filled(temp.path);
    await rm(place);
    await expect(store.get(hash, to, signal)).rejects.toThrow('it has no such file');
    await symlink('/etc/passwd', place);
    await expect(store.get(hash, to, signal)).rejects.toThrow(HostError);
    await expect(store.get('../../../etc/passwd', to, signal)).rejects.toThrow(FormatError);
  });

  it('is a folder that is there', async () => {
    await expect(FolderStore.open('/nowhere')).rejects.toThrow(UsageError);
    await expect(FolderStore.open('/etc/passwd')).rejects.toThrow('found something else');
  });
});
