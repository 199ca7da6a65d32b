// SPDX-License-Identifier: MIT
import {
  chmod,
  copyFile,
  mkdir,
  open,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEAL, findDamage } from './cache-seal.ts';
import { type CacheOptions, cachedFolder } from './cache.ts';
import { runCommand } from './owned-process.ts';
import { type TempDir, makeTempDir } from './temp-dir.ts';
import { heardLog } from './testing/heard-log.ts';

const { signal } = new AbortController();

let temp: TempDir;
let said: string[];
let options: CacheOptions;
beforeEach(async () => {
  temp = await makeTempDir();
  said = [];
  options = { signal, log: heardLog(said) };
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

async function isSound(entry: string): Promise<boolean> {
  return (await findDamage(entry)) === null;
}

/** Bytes that look like nothing else. */
const BYTES = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * i) % 251));

/** Kinds of files that entries hold. */
const FILES = [
  { file: 'vmlinuz', bytes: BYTES },
  { file: 'modules/00-virtio.ko', bytes: BYTES.subarray(0, 700) },
  { file: 'deep/in/module.ko.gz', bytes: gzipSync(BYTES) },
  { file: 'kernel.json', bytes: Buffer.from('{"release":"6.12"}\n') },
] as const;

async function fill(folder: string): Promise<void> {
  for (const { file, bytes } of FILES) {
    await mkdir(join(folder, file, '..'), { recursive: true });
    await writeFile(join(folder, file), bytes);
  }
  await symlink('vmlinuz', join(folder, 'link'));
}

/** Changes one bit, and neither size nor times. */
async function flipBit(path: string): Promise<void> {
  const { atime, mtime } = await stat(path);
  const file = await open(path, 'r+');
  const byte = new Uint8Array(1);
  await file.read(byte, 0, 1, 5);
  await file.write(Uint8Array.of((byte[0] ?? 0) ^ 0x10), 0, 1, 5);
  await file.close();
  await utimes(path, atime, mtime);
}

async function replaceBy(path: string, make: (path: string) => Promise<unknown>): Promise<void> {
  await rm(path, { recursive: true });
  await make(path);
}

/** What can happen to a file, and what is said of it. */
const DAMAGES: readonly (readonly [
  what: string,
  damage: (path: string) => Promise<unknown>,
  said: RegExp,
])[] = [
  ['cut to nothing', (path) => truncate(path, 0), /expected \d+ bytes, found 0\)/],
  ['cut short', (path) => truncate(path, 15), /expected \d+ bytes, found 15\)/],
  ['longer', (path) => writeFile(path, '\0', { flag: 'a' }), /expected \d+ bytes, found \d+\)/],
  ['of other bits', flipBit, /expected sha256 [0-9a-f]{64}, found [0-9a-f]{64}\)/],
  ['gone', (path) => rm(path), /ENOENT/],
  [
    'a folder',
    (path) => replaceBy(path, (at) => mkdir(at)),
    /expected a file, found something else\)/,
  ],
  [
    'a symlink to the same bytes',
    async (path) => {
      await copyFile(path, join(temp.path, 'same'));
      await replaceBy(path, (at) => symlink(join(temp.path, 'same'), at));
    },
    /expected a file, found something else\)/,
  ],
  [
    'a pipe',
    (path) => replaceBy(path, (at) => runCommand(['mkfifo', at], { signal })),
    /expected a file, found something else\)/,
  ],
];

/** What can happen to the note of what an entry holds, and to the entry itself. */
const OTHER_DAMAGES: readonly (readonly [
  what: string,
  damage: (entry: string) => Promise<unknown>,
  said: RegExp,
])[] = [
  [
    'an entry without note, of a kind that is not adopted',
    (entry) => rm(join(entry, SEAL)),
    /expected sealed.json, found none: another sub1m made it\)/,
  ],
  [
    'a note cut to nothing',
    (entry) => truncate(join(entry, SEAL), 0),
    /sealed.json cannot be read/,
  ],
  ['a note cut short', (entry) => truncate(join(entry, SEAL), 99), /sealed.json cannot be read/],
  [
    'a note of a newer sub1m',
    (entry) => writeFile(join(entry, SEAL), '{"schema":2,"files":[],"links":[]}'),
    /sealed.json cannot be read: it is cut short, or another sub1m made it\)/,
  ],
  [
    'a note that is a folder',
    (entry) => replaceBy(join(entry, SEAL), (at) => mkdir(at)),
    /sealed.json: expected a file, found something else\)/,
  ],
  [
    'a link that leads elsewhere',
    (entry) => replaceBy(join(entry, 'link'), (at) => symlink('kernel.json', at)),
    /link: expected a link to vmlinuz, found one to kernel.json\)/,
  ],
  ['an empty folder', (entry) => replaceBy(entry, (at) => mkdir(at)), /expected sealed.json/],
  ['a file', (entry) => replaceBy(entry, (at) => writeFile(at, 'x')), /expected a folder/],
  [
    'a symlink to a sound entry',
    async (entry) => {
      await runCommand(['mv', entry, join(temp.path, 'elsewhere')], { signal });
      await symlink(join(temp.path, 'elsewhere'), entry);
    },
    /expected a folder, found something else\)/,
  ],
  [
    'a symlink that leads nowhere',
    (entry) => replaceBy(entry, (at) => symlink('/nowhere', at)),
    /expected a folder, found something else\)/,
  ],
];

describe('a damaged entry', () => {
  const cases = [
    ...FILES.flatMap(({ file }) =>
      DAMAGES.map(([what, damage, words]) => ({
        what: `${file} ${what}`,
        damage: (entry: string) => damage(join(entry, file)),
        words,
      })),
    ),
    ...OTHER_DAMAGES.map(([what, damage, words]) => ({ what, damage, words })),
  ];
  it.each(cases)('is made anew once: $what', async ({ damage, words }) => {
    const entry = join(temp.path, 'entry');
    let builds = 0;
    const build = async (folder: string): Promise<void> => {
      builds++;
      await fill(folder);
    };
    await cachedFolder(entry, build, options);
    expect(await isSound(entry)).toBe(true);
    await damage(entry);
    expect(await isSound(entry)).toBe(false);
    for (let reads = 0; reads < 2; reads++) await cachedFolder(entry, build, options);
    expect(builds).toBe(2);
    expect(said).toEqual([expect.stringMatching(words)]);
    expect(said[0]).toMatch(/^cache: \/\S+\/entry was damaged \(.*\); made anew$/);
    for (const { file, bytes } of FILES) expect(await readFile(join(entry, file))).toEqual(bytes);
  });

  it('is one whose file may not be read', async () => {
    const entry = join(temp.path, 'entry');
    await cachedFolder(entry, fill, options);
    await chmod(join(entry, 'vmlinuz'), 0);
    // Root may read all.
    const isRoot = process.getuid?.() === 0;
    expect(await isSound(entry)).toBe(isRoot);
  });
});

it('a copy of an entry is sound, whatever their times and inodes', async () => {
  const entry = join(temp.path, 'entry');
  await cachedFolder(entry, fill, options);
  await runCommand(['cp', '-r', entry, join(temp.path, 'copy')], { signal });
  expect(await isSound(join(temp.path, 'copy'))).toBe(true);
});
