// SPDX-License-Identifier: MIT
/** The host's faults are never the kernel's: what the cache has is damaged before a cell and in the middle of one. */
import { existsSync } from 'node:fs';
import { cp, readFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sha256File } from '../process/file-hash.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import type { CellDocument } from '../report/schema/run-schema.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { words } from '../testing/checked-cells.ts';
import { startSub1m } from '../testing/run-sub1m.ts';

const CHECK = words('check debian:5.10 --crashkernel none --json --results');
const MATCH = { kind: 'match' };

let temp: TempDir;
let cache: string;

/** A cache of its own, with what the user's has of Debian's lists and kernels: copies, since others use those. */
beforeAll(async () => {
  temp = await makeTempDir();
  cache = join(temp.path, 'cache/sub1m');
  const own = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'sub1m');
  const isWanted = (path: string): boolean => !/\/state(?:\/|$)|\/cache\/archives/.test(path);
  for (const part of ['apt/host', 'kernels'].filter((name) => existsSync(join(own, name)))) {
    await cp(join(own, part), join(cache, part), { recursive: true, filter: isWanted });
  }
  const config = join(cache, 'apt/host/apt.conf');
  if (existsSync(config)) {
    await writeFile(config, (await readFile(config, 'utf8')).replaceAll(own, cache));
  }
});
afterAll(async () => {
  await temp[Symbol.asyncDispose]();
});

/** The files of that name in the entries of one kind. */
async function cached(kind: string, name: string): Promise<string[]> {
  const entries = await readdir(join(cache, kind));
  const paths = entries.map((entry) => join(cache, kind, entry, name));
  return paths.filter((path) => existsSync(path));
}

interface CheckedCell {
  readonly cell: CellDocument;
  readonly stderr: string;
  /** SHA-256 of what `cell.json` says of its inputs, by what they are. */
  readonly given: ReadonlyMap<string, string>;
}

/** Runs the cell; does `meanwhile` when the system kernel boots. */
async function checkCell(
  name: string,
  meanwhile = async (): Promise<void> => {},
): Promise<CheckedCell> {
  const results = join(temp.path, name);
  const env = { XDG_CACHE_HOME: join(temp.path, 'cache') };
  const command = startSub1m([...CHECK, results], env);
  await command.says(': boot\n');
  await meanwhile();
  const { stdout, stderr } = await command.ended;
  const [cell] = parseDocument('run', stdout).cells;
  if (!cell) throw new Error(stderr);
  const record = JSON.parse(await readFile(join(results, cell.id, 'cell.json'), 'utf8')) as {
    inputs: { what: string; sha256: string }[];
  };
  return { cell, stderr, given: new Map(record.inputs.map((one) => [one.what, one.sha256])) };
}

it('a disk that is cut while the machine runs is no verdict: the cell is run again with a new one', async () => {
  const { cell, stderr, given } = await checkCell('under-way', async () => {
    for (const input of await cached('guest', 'input')) await truncate(input, 0);
  });
  expect(stderr).toMatch(
    /: The input disk \S+ is not what it was: expected sha256 \w+, found e3b0c442/,
  );
  expect(stderr).toMatch(
    /cache: \S+ was damaged \(input: expected \d+ bytes, found 0\); made anew/,
  );
  expect(cell.verdict).toEqual(MATCH);
  const [input = ''] = await cached('guest', 'input');
  expect(given.get('input disk')).toBe(await sha256File(input));
});

it('an initramfs and a kernel that are cut before a cell are made anew', async () => {
  for (const initrd of await cached('guest', 'initrd')) await truncate(initrd, 0);
  const images = await cached('kernels', 'vmlinuz');
  // As its header says it has all its bytes: only the bytes differ.
  for (const image of images) {
    const bytes = await readFile(image);
    await writeFile(image, bytes.fill(0, bytes.length / 2));
  }
  const { cell, stderr, given } = await checkCell('before');
  expect(stderr).toMatch(
    /cache: \S+ was damaged \(initrd: expected \d+ bytes, found 0\); made anew/,
  );
  expect(stderr).toMatch(
    /cache: \S+ was damaged \(vmlinuz: expected sha256 \w+, found \w+\); made anew/,
  );
  expect(cell.verdict).toEqual(MATCH);
  const kernels = await Promise.all(images.map(sha256File));
  expect(kernels).toContain(given.get('kernel'));
});
