// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BundleFolder } from '../bundle/bundle-folder.ts';
import { FormatError } from '../errors.ts';
import { pfn } from '../memory/pfn.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { projectPath } from '../project-root.ts';
import type { VmcoreDigest } from '../vmcore/vmcore-digest.ts';
import { judgeFolder } from './judge-folder.ts';
import { removeVmcore, removedDigest } from './removed-vmcore.ts';

const { signal } = new AbortController();
const machine = { memoryMiB: 1, cpus: 1 };

const DIGEST: VmcoreDigest = {
  whole: { value: '1.0 MB in 3 records' },
  pages: {
    value: { pfns: Uint32Array.of(1, 2, 3, 7, 200), crcs: Uint32Array.of(5, 2 ** 32 - 1, 0, 7, 8) },
  },
  lowPages: { value: Array.from({ length: 256 }, (_, page) => (page < 3 ? 'free' : 'reserved')) },
  crashkernelFreed: { value: 7 },
  writableCode: { value: [pfn(0x99)] },
  keptKindsLeftOut: { value: Uint32Array.of(9, 10) },
};

const UNREADABLE: VmcoreDigest = {
  whole: { value: null, why: 'cut off' },
  pages: { value: null, why: 'no dump' },
  lowPages: { value: null, why: 'no dump' },
  crashkernelFreed: { value: null, why: 'no dump' },
  writableCode: { value: null, why: 'no dump' },
  keptKindsLeftOut: { value: null, why: 'no dump' },
};

/** A folder with a vmcore that was removed. */
async function removedFrom(digest: VmcoreDigest): Promise<TempDir> {
  const folder = await makeTempDir();
  const vmcore = join(folder.path, 'vmcore');
  await writeFile(vmcore, 'a dump');
  await removeVmcore(vmcore, { folder: folder.path, machine, keep: 'broken', digest });
  return folder;
}

function digestLeftIn(path: string): VmcoreDigest | undefined {
  using folder = BundleFolder.open(path);
  return removedDigest(folder, machine);
}

describe('a vmcore that was removed', () => {
  it.each([
    { what: 'is whole', digest: DIGEST },
    { what: 'cannot be read', digest: UNREADABLE },
    { what: 'has no page', digest: { ...DIGEST, pages: { value: empty() } } },
  ])('leaves all that was read of it: one that $what', async ({ digest }) => {
    await using folder = await removedFrom(digest);
    expect(existsSync(join(folder.path, 'vmcore'))).toBe(false);
    expect(digestLeftIn(folder.path)).toStrictEqual(digest);
  });

  it('is told by what it was removed, and how large it was', async () => {
    await using folder = await removedFrom(DIGEST);
    const text = await readFile(join(folder.path, 'removed/vmcore.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ keep: 'broken', bytes: 6, pages: { value: 5 } });
  });

  it('leaves none where there was none', async () => {
    await using folder = await makeTempDir();
    expect(digestLeftIn(folder.path)).toBeUndefined();
  });

  it('stays where its digest is larger than a bundle may have', async () => {
    await using folder = await makeTempDir();
    const vmcore = join(folder.path, 'vmcore');
    await writeFile(vmcore, 'a dump');
    const pfns = Uint32Array.from({ length: 4000 }, (_, page) => 2 * page);
    const crcs = Uint32Array.from(pfns, (page) => Math.imul(page, 2_654_435_761));
    const digest = { ...DIGEST, pages: { value: { pfns, crcs } } };
    const removing = removeVmcore(vmcore, { folder: folder.path, machine, keep: 'none', digest });
    await expect(removing).rejects.toThrow('expected at most 4108 bytes of removed/pages.gz');
    expect(existsSync(vmcore)).toBe(true);
  });

  it('does not change the judgement', async () => {
    await using temp = await makeTempDir();
    const cell = join(temp.path, 'cell');
    await cp(projectPath('harness/testdata/old-bundles/5.10-locked'), cell, { recursive: true });
    const path = join(cell, 'cell.json');
    await writeFile(
      path,
      (await readFile(path, 'utf8')).replace('"vmcore": "none"', '"vmcore": "full"'),
    );
    const before = await judgeFolder(cell, signal, Promise.resolve(UNREADABLE));
    expect(outcomeOf(before)).toMatchObject({ outcome: 'broken', why: 'cut off' });
    await writeFile(join(cell, 'vmcore'), 'a dump');
    await removeVmcore(join(cell, 'vmcore'), {
      folder: cell,
      machine: before.record.spec,
      keep: 'none',
      digest: UNREADABLE,
    });
    expect(await judgeFolder(cell, signal)).toStrictEqual(before);
    await rm(join(cell, 'removed'), { recursive: true });
    expect(outcomeOf(await judgeFolder(cell, signal))).toMatchObject({ outcome: 'unseen' });
  });

  it.each<{ what: string; words?: number[]; json?: string; says: string }>([
    { what: 'no words', words: [], says: 'expected 1 words at 0, found 0' },
    { what: 'more runs than words', words: [2 ** 31], says: 'words at 1, found 0' },
    { what: 'a run that ends before it begins', words: [1, 5, 4], says: 'found 5 to 4' },
    { what: 'a run without end', words: [1, 0, 2 ** 32 - 1], says: 'found 0 to 4294967295' },
    { what: 'runs in no order', words: [2, 5, 7, 1, 4], says: 'found 1 to 4' },
    { what: 'too few pages', words: [1, 5, 7], says: 'expected 5 pages, found 2' },
    { what: 'no sums', words: [1, 1, 6], says: 'expected 5 words at 3, found 0' },
    { what: 'no JSON', json: '{', says: 'not JSON' },
    { what: 'another schema', json: '{"schema":2}', says: 'schema: ' },
  ])('is not taken from $what', async ({ words, json, says }) => {
    await using folder = await removedFrom(DIGEST);
    const packed = gzipSync(new Uint8Array(Uint32Array.from(words ?? []).buffer));
    if (words) await writeFile(join(folder.path, 'removed/pages.gz'), packed);
    if (json !== undefined) await writeFile(join(folder.path, 'removed/vmcore.json'), json);
    expect(() => digestLeftIn(folder.path)).toThrow(FormatError);
    expect(() => digestLeftIn(folder.path)).toThrow(says);
  });

  it('is not taken from more pages than the machine had, nor from what unpacks to more', async () => {
    await using folder = await removedFrom(DIGEST);
    const path = join(folder.path, 'removed/vmcore.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"value": 5', '"value": 257'));
    expect(() => digestLeftIn(folder.path)).toThrow('expected at most 256 pages, found 257');
    const bomb = gzipSync(new Uint8Array(1024 * 1024));
    await writeFile(join(folder.path, 'removed/pages.gz'), bomb);
    expect(() => digestLeftIn(folder.path)).toThrow('expected gzip of at most 3080 bytes');
    await truncate(join(folder.path, 'removed/pages.gz'), 10_000);
    expect(() => digestLeftIn(folder.path)).toThrow('expected at most 4108 bytes, found 10000');
    await rm(join(folder.path, 'removed/pages.gz'));
    expect(() => digestLeftIn(folder.path)).toThrow('found no file');
  });
});

function empty() {
  return { pfns: new Uint32Array(), crcs: new Uint32Array() };
}

function outcomeOf({ judgement }: Awaited<ReturnType<typeof judgeFolder>>) {
  return judgement.invariants.find(({ id }) => id === 'kdump.captured');
}
