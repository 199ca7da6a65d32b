// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { cp, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCellRecord } from '../bundle/bundle.ts';
import { BundleFolder } from '../bundle/bundle-folder.ts';
import { FormatError } from '../errors.ts';
import { sha256 } from '../process/file-hash.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { projectPath } from '../project-root.ts';
import { SharedVmcores } from './shared-vmcores.ts';
import { packVmcore } from './unpack-vmcore.ts';
import { requireVmcore } from './vmcore-file.ts';

const { signal } = new AbortController();

/** Pages that zstd cannot shrink. */
const PAGES = randomBytes(64 * 4096);

/** The same pages in another order, one of them with another byte. */
const MOVED = Buffer.concat([PAGES.subarray(32 * 4096), PAGES.subarray(0, 32 * 4096)]);
MOVED[5] = (MOVED[5] ?? 0) + 1;

/** A run whose cells, of one kernel, left these vmcores, stored one after the other. */
async function runWith(
  dumps: readonly Uint8Array[],
  images: readonly string[] = [],
): Promise<TempDir> {
  const run = await makeTempDir();
  const shared = new SharedVmcores(run.path);
  for (const [index, dump] of dumps.entries()) {
    const cell = join(run.path, `cell.${index}`);
    await mkdir(cell);
    await cp(projectPath('harness/testdata/5.10-256m/cell.json'), join(cell, 'cell.json'));
    await writeFile(join(cell, 'vmcore'), dump);
    using folder = BundleFolder.open(cell);
    const record = readCellRecord(folder);
    const image = { ...record.kernel, imageSha256: images[index] ?? 'one' };
    await shared.pack(
      join(cell, 'vmcore'),
      { ...record, kernel: image as typeof record.kernel },
      signal,
    );
    await rm(join(cell, 'vmcore'));
  }
  return run;
}

async function vmcoreIn(cell: string): Promise<Buffer> {
  await using vmcore = await requireVmcore(join(cell, 'vmcore'), signal);
  return await readFile(vmcore.path);
}

describe('vmcores that share', () => {
  it('come back to the last byte, stored as what differs', async () => {
    await using run = await runWith([PAGES, MOVED, PAGES]);
    const cells = [0, 1, 2].map((index) => join(run.path, `cell.${index}`));
    expect(await vmcoreIn(cells[0] ?? '')).toEqual(PAGES);
    expect(await vmcoreIn(cells[1] ?? '')).toEqual(MOVED);
    expect(await vmcoreIn(cells[2] ?? '')).toEqual(PAGES);
    expect(await readdir(join(run.path, 'vmcores'))).toEqual([`${sha256(PAGES)}.zst`]);
    const { size } = await stat(join(run.path, 'cell.1/vmcore.delta.zst'));
    expect(size).toBeLessThan(2000);
    expect(await readdir(cells[2] ?? '')).toEqual(['cell.json', 'vmcore.shared.json']);
  });

  it('are found by any of their names', async () => {
    await using run = await runWith([PAGES, MOVED]);
    for (const name of ['vmcore.zst', 'vmcore.shared.json', 'vmcore.delta.zst']) {
      await using vmcore = await requireVmcore(join(run.path, 'cell.1', name), signal);
      expect(await readFile(vmcore.path)).toEqual(MOVED);
    }
  });

  it('share with those of the same kernel image alone', async () => {
    await using run = await runWith([PAGES, MOVED], ['one', 'two']);
    expect(await readdir(join(run.path, 'vmcores'))).toHaveLength(2);
  });

  it('have another that is whole where the first could not be stored', async () => {
    await using run = await makeTempDir();
    const shared = new SharedVmcores(run.path);
    const cell = join(run.path, 'cell');
    await mkdir(cell);
    await writeFile(join(cell, 'vmcore'), PAGES);
    await cp(projectPath('harness/testdata/5.10-256m/cell.json'), join(cell, 'cell.json'));
    using folder = BundleFolder.open(cell);
    const record = readCellRecord(folder);
    await writeFile(join(run.path, 'vmcores'), 'in the way');
    await expect(shared.pack(join(cell, 'vmcore'), record, signal)).rejects.toThrow('EEXIST');
    await rm(join(run.path, 'vmcores'));
    await shared.pack(join(cell, 'vmcore'), record, signal);
    expect(await vmcoreIn(cell)).toEqual(PAGES);
  });

  const WHOLE = `vmcores/${sha256(PAGES)}.zst`;
  it.each<{ what: string; damage: (run: string) => Promise<void>; says: string }>([
    {
      what: 'without the folder that they share',
      damage: (run) => rename(join(run, 'vmcores'), join(run, 'elsewhere')),
      says: `${WHOLE}, found none`,
    },
    {
      what: 'without the whole one',
      damage: (run) => rm(join(run, WHOLE)),
      says: `${WHOLE}, found none`,
    },
    {
      what: 'with another in place of the whole one',
      damage: async (run) => {
        await writeFile(join(run, 'other'), MOVED);
        await packVmcore(join(run, 'other'), signal, { to: join(run, WHOLE) });
      },
      says: `expected a vmcore with sha256 ${sha256(PAGES)}, found ${sha256(MOVED)}`,
    },
    {
      what: 'with zeroes in place of the whole one',
      damage: (run) => writeFile(join(run, WHOLE), new Uint8Array(PAGES.length)),
      says: `${WHOLE}: expected a vmcore with sha256 ${sha256(PAGES)}`,
    },
    {
      what: 'without the difference',
      damage: (run) => rm(join(run, 'cell.1/vmcore.delta.zst')),
      says: 'cell.1/vmcore.delta.zst, found none',
    },
    {
      what: 'with a difference that is cut off',
      damage: async (run) => {
        const path = join(run, 'cell.1/vmcore.delta.zst');
        await writeFile(path, (await readFile(path)).subarray(0, 20));
      },
      says: 'cell.1/vmcore.delta.zst: expected a whole zstd file',
    },
    {
      what: 'with a difference that makes another vmcore',
      damage: (run) => writeFile(join(run, 'cell.1/vmcore.delta.zst'), PAGES),
      says: `cell.1/vmcore.delta.zst: expected a vmcore with sha256 ${sha256(MOVED)}`,
    },
    {
      what: 'that claim to be larger than the machine',
      damage: async (run) => {
        const path = join(run, 'cell.1/vmcore.shared.json');
        const text = await readFile(path, 'utf8');
        await writeFile(path, text.replace(/"bytes": \d+/, '"bytes": 9000000000000'));
      },
      says: 'as a machine of its memory makes, found 9000000000000',
    },
    {
      what: 'that lead elsewhere',
      damage: async (run) => {
        const path = join(run, 'cell.1/vmcore.shared.json');
        const text = await readFile(path, 'utf8');
        await writeFile(path, text.replace(/"base": "\w+"/, '"base": "../../etc/passwd"'));
      },
      says: 'base: expected a SHA-256',
    },
  ])('are refused $what, by name', async ({ damage, says }) => {
    await using run = await runWith([PAGES, MOVED]);
    await damage(run.path);
    const reading = vmcoreIn(join(run.path, 'cell.1'));
    await expect(reading).rejects.toThrow(says);
    await expect(reading).rejects.toThrow(FormatError);
  });
});
