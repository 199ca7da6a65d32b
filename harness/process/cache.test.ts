// SPDX-License-Identifier: MIT
import {
  chmod,
  copyFile,
  mkdir,
  open,
  readFile,
  readdir,
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
import { z } from 'zod';
import { HostError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { SEAL } from './cache-seal.ts';
import {
  type CacheOptions,
  cachedFolder,
  isCached,
  isSound,
  readCachedJson,
  writeCachedJson,
} from './cache.ts';
import { runCommand } from './owned-process.ts';
import { type TempDir, makeTempDir } from './temp-dir.ts';

const { signal } = new AbortController();

let temp: TempDir;
let said: string[];
let options: CacheOptions;
beforeEach(async () => {
  temp = await makeTempDir();
  said = [];
  const say = (line: string): void => {
    said.push(line);
  };
  options = { signal, log: { ...silentLog, info: say, warn: say } };
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

/** What is in `temp`, without locks. */
async function left(): Promise<string[]> {
  return (await readdir(temp.path)).filter((name) => !name.endsWith('.lock'));
}

describe('cachedFolder()', () => {
  it('builds once for two callers at once', async () => {
    let builds = 0;
    const build = async (folder: string): Promise<void> => {
      builds++;
      await writeFile(join(folder, 'file'), 'content');
    };
    const path = join(temp.path, 'a/b');
    await Promise.all([cachedFolder(path, build, options), cachedFolder(path, build, options)]);
    await cachedFolder(path, build, options);
    expect(builds).toBe(1);
    expect(await readFile(join(path, 'file'), 'utf8')).toBe('content');
    expect(said).toEqual([]);
  });

  it('leaves nothing behind of a build that fails, and builds again', async () => {
    const path = join(temp.path, 'entry');
    const failing = cachedFolder(
      path,
      async (folder) => {
        await writeFile(join(folder, 'half'), '');
        throw new Error('no room');
      },
      options,
    );
    await expect(failing).rejects.toThrow('no room');
    expect(await left()).toEqual([]);
    await cachedFolder(path, async () => {}, options);
    expect(await left()).toEqual(['entry']);
  });

  it('leaves the damaged entry where a new one cannot be made', async () => {
    const path = join(temp.path, 'entry');
    await mkdir(path);
    const failing = cachedFolder(path, () => Promise.reject(new Error('no room')), options);
    await expect(failing).rejects.toThrow('no room');
    expect(await left()).toEqual(['entry']);
    expect(said).toEqual([]);
  });

  it('builds again what has another fault, and gives up if that does not help', async () => {
    const path = join(temp.path, 'entry');
    const build = (content: string) => (folder: string) => writeFile(join(folder, 'file'), content);
    const findFault = async (folder: string): Promise<string | null> =>
      (await readFile(join(folder, 'file'), 'utf8')) === 'new' ? null : 'it is old';
    await cachedFolder(path, build('old'), options);
    await cachedFolder(path, build('new'), { ...options, findFault });
    await cachedFolder(path, build('never built'), { ...options, findFault });
    expect(await readFile(join(path, 'file'), 'utf8')).toBe('new');
    expect(said).toEqual([`cache: ${path} was damaged (it is old); made anew`]);
    await cachedFolder(path, build('old'), {
      ...options,
      findFault: () => Promise.resolve('x'),
    }).then(
      () => expect.unreachable(),
      (error: unknown) => {
        expect(error).toEqual(
          new HostError(`Cannot use ${path}: made anew, and damaged again (x); is its disk sound?`),
        );
      },
    );
  });

  it('sweeps away what a killed program left half-built', async () => {
    // No process has a number this high (PID_MAX_LIMIT is 2^22).
    await mkdir(join(temp.path, '.unfinished-99999999-x'));
    await cachedFolder(join(temp.path, 'entry'), async () => {}, options);
    expect(await left()).toEqual(['entry']);
  });

  it('waits for another program that makes the same, and takes what it has made', async () => {
    const path = join(temp.path, 'entry');
    const other = cachedFolder(
      path,
      async (folder) => {
        // The lock of another program, as far as this one can tell.
        const tried = await runCommand(
          ['sh', '-c', 'flock --nonblock "$1" true || echo taken', 'sh', `${path}.lock`],
          { signal },
        );
        await writeFile(join(folder, 'file'), tried);
      },
      options,
    );
    await other;
    expect(await readFile(join(path, 'file'), 'utf8')).toBe('taken');
  });

  it.each([
    {
      what: 'a file where its folder should be',
      at: 'kinds',
      make: (path: string) => writeFile(path, ''),
    },
    {
      what: 'a folder where its lock should be',
      at: 'kinds/entry.lock',
      make: (path: string) => mkdir(path, { recursive: true }),
    },
  ])('says in one line that it cannot write because of $what', async ({ at, make }) => {
    await make(join(temp.path, at));
    const path = join(temp.path, 'kinds/entry');
    const failing = cachedFolder(path, async () => {}, options);
    await expect(failing).rejects.toThrow(HostError);
    await expect(failing).rejects.toThrow(`Cannot write ${path} in the cache: E`);
  });
});

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
    'an entry without note, as older ones are',
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

  it('counts as cached until it is read', async () => {
    const entry = join(temp.path, 'entry');
    expect(isCached(entry)).toBe(false);
    await mkdir(entry);
    expect(isCached(entry)).toBe(false);
    await rm(entry, { recursive: true });
    await cachedFolder(entry, fill, options);
    expect(isCached(entry)).toBe(true);
  });
});

it('copies of a cache are sound, whatever their times and inodes', async () => {
  const entry = join(temp.path, 'entry');
  await cachedFolder(entry, fill, options);
  await runCommand(['cp', '-r', entry, join(temp.path, 'copy')], { signal });
  expect(await isSound(join(temp.path, 'copy'))).toBe(true);
});

it('a full disk leaves nothing half-written, and is the host’s fault', async () => {
  const entry = join(temp.path, 'entry');
  const failing = cachedFolder(
    entry,
    async (folder) => {
      await writeFile(join(folder, 'first'), 'whole');
      // Any write to it fails with ENOSPC.
      await writeFile('/dev/full', 'no room');
    },
    options,
  );
  await expect(failing).rejects.toThrow(HostError);
  await expect(failing).rejects.toThrow(`Cannot write ${entry} in the cache: ENOSPC`);
  expect(await left()).toEqual([]);
});

describe('readCachedJson()', () => {
  const schema = z.object({ answer: z.number() });

  it.each([
    { text: '{"answer": 42}', found: { answer: 42 }, lines: 0 },
    { text: '{"answer": "42"}', found: undefined, lines: 1 },
    { text: '{"answer": 4', found: undefined, lines: 1 },
    { text: '', found: undefined, lines: 1 },
    { text: null, found: undefined, lines: 0 },
  ])('of $text gives $found', async ({ text, found, lines }) => {
    const path = join(temp.path, 'file.json');
    if (text !== null) await writeFile(path, text);
    expect(await readCachedJson(path, { schema, log: options.log })).toEqual(found);
    expect(said).toHaveLength(lines);
    for (const line of said) {
      expect(line).toMatch(/^cache: \/\S+\/file.json was damaged \(.*\); made anew$/);
    }
  });

  it.each([
    { what: 'a folder', make: (path: string): Promise<unknown> => mkdir(path) },
    { what: 'a pipe', make: (path: string) => runCommand(['mkfifo', path], { signal }) },
    { what: 'a symlink to itself', make: (path: string) => symlink(path, path) },
  ])('takes $what for damage, which writeCachedJson() mends', async ({ make }) => {
    const path = join(temp.path, 'file.json');
    await make(path);
    expect(await readCachedJson(path, { schema, log: options.log })).toBeUndefined();
    await writeCachedJson(path, { answer: 42 });
    expect(await readCachedJson(path, { schema, log: options.log })).toEqual({ answer: 42 });
    expect(said).toEqual([
      `cache: ${path} was damaged (expected a file, found something else); made anew`,
    ]);
  });

  it('is the host’s fault if it cannot be written', async () => {
    await writeFile(join(temp.path, 'file'), '');
    const path = join(temp.path, 'file/entry.json');
    await expect(writeCachedJson(path, {})).rejects.toThrow(`Cannot write ${path} in the cache: E`);
  });
});
