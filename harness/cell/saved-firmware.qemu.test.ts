// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { readFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { sealFolder } from '../process/cache-seal.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { heardLog } from '../process/testing/heard-log.ts';
import { projectPath } from '../project-root.ts';
import { startCommand } from '../testing/run-command.ts';
import { openDisk, smallDisk } from '../testing/small-disk.ts';
import { TYPESCRIPT } from '../testing/run-sub1m.ts';
import type { SavedFirmware } from './saved-firmware.ts';
import { startMachine } from './start-machine.ts';
import { BUDGET_MS, savedMachine } from './testing/saved-machine.ts';

const { signal } = new AbortController();
/** Of all tests here: the first that needs a state saves it. */
let cache: TempDir;
let temp: TempDir;

beforeAll(async () => {
  cache = await makeTempDir();
});
afterAll(async () => {
  await cache[Symbol.asyncDispose]();
});
beforeEach(async () => {
  temp = await makeTempDir();
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

type Small = Awaited<ReturnType<typeof savedMachine>>;

const options = { signal, budgetMs: BUDGET_MS };

/** The small machine, in a process that has heard nothing of earlier states. */
function small(log?: Parameters<typeof savedMachine>[1]['log']): Promise<Small> {
  return savedMachine({ cacheDir: cache.path, folder: temp.path }, { signal, ...(log && { log }) });
}

/** Starts it as a cell without a layout does; gives how its firmware came up, once it is past the hold point. */
async function start({ config, ovmf, host }: Small): Promise<{ kind: string; why?: string }> {
  const started = await startMachine(
    { config, ovmf, personality: null, whyFresh: null },
    { ...options, host, onQmp: () => {}, onStart: () => {} },
  );
  await using machine = started.machine;
  let said = '';
  started.firmware.listen((bytes) => {
    said += Buffer.from(bytes).toString('latin1');
  });
  // It finds nothing to boot: this is the last that it says.
  await new Promise<void>((resolve) => {
    let screen = '';
    machine.console.onBytes((bytes) => {
      screen += Buffer.from(bytes).toString('latin1');
      if (screen.includes('BdsDxe: ')) resolve();
    });
  });
  await machine[Symbol.asyncDispose]();
  expect(await machine.ended).toMatchObject({ stderr: '' });
  const isSaved = started.firmware.record.kind === 'saved';
  expect(said).toBe(isSaved ? 'sub1m-personality 1\nhold\ngo\n' : '');
  return started.firmware.record;
}

/** What a log was warned of. */
function warnings(said: readonly string[]): string[] {
  return said.filter((line) => /damaged|themselves/.test(line));
}

function requireSmall({ parts, host }: Small): Promise<SavedFirmware> {
  return host.savedFirmwares.require(parts, options);
}

it('goes on from a state that was saved, as often as machines need it', async () => {
  const first = await small();
  const saved = await requireSmall(first);
  expect(await start(first)).toEqual({ kind: 'saved', key: saved.key });
  expect(await start(await small())).toEqual({ kind: 'saved', key: saved.key });
  expect(await requireSmall(first)).toEqual(saved);
});

it('makes a state anew that was cut short, and says so', async () => {
  const said: string[] = [];
  const machine = await small(heardLog(said));
  const { state, key, sha256 } = await requireSmall(machine);
  await truncate(state, 1_000_000);
  expect(await start(machine)).toEqual({ kind: 'saved', key });
  expect((await requireSmall(machine)).sha256).not.toBe(sha256);
  expect(warnings(said)).toEqual([
    expect.stringMatching(/cache: \S+ was damaged \(state: expected \d+ bytes, found 1000000\)/),
  ]);
});

/** A state that QEMU does not take, in an entry that looks whole. */
async function spoil({ state }: SavedFirmware): Promise<void> {
  const bytes = await readFile(state);
  // The newest machine type of a QEMU has its version.
  bytes.write('pc-q35-1.0', bytes.indexOf('pc-q35-'));
  await writeFile(state, bytes);
  await sealFolder(join(state, '..'));
}

it('makes the state of another QEMU anew, and says so', async () => {
  const said: string[] = [];
  const machine = await small(heardLog(said));
  const saved = await requireSmall(machine);
  await spoil(saved);
  expect(await start(machine)).toEqual({ kind: 'saved', key: saved.key });
  expect(warnings(said)).toEqual([
    expect.stringMatching(/cache: \S+ was damaged \(Cannot start QEMU: .*\); made anew/),
  ]);
});

it('makes an entry anew that says it is of another machine', async () => {
  const said: string[] = [];
  const machine = await small(heardLog(said));
  const { state, key } = await requireSmall(machine);
  await truncate(join(state, '../shape.json'), 10);
  await sealFolder(join(state, '..'));
  expect(await start(machine)).toEqual({ kind: 'saved', key });
  expect(said.join('\n')).toMatch(/damaged \(shape.json: expected this machine, found another\)/);
});

it('boots its own firmware when two states were bad, and says why, once', async () => {
  const said: string[] = [];
  const machine = await small(heardLog(said));
  const saved = await requireSmall(machine);
  for (const sha256 of ['one', saved.sha256]) {
    machine.host.savedFirmwares.distrust({ ...saved, sha256 }, 'a test');
  }
  const why = 'Cannot use a saved firmware: made anew, and bad again (a test)';
  expect(await start(machine)).toEqual({ kind: 'fresh', why });
  expect(await start(machine)).toEqual({ kind: 'fresh', why });
  expect(warnings(said)).toEqual([`Machines boot their firmware themselves: ${why}`]);
});

it('boots its own firmware when none can be saved in time', async () => {
  const machine = await small();
  const { cpus } = machine.config;
  const parts = { ...machine, config: { ...machine.config, cpus: cpus + 1 } };
  const started = await startMachine(
    { config: parts.config, ovmf: parts.ovmf, personality: null, whyFresh: null },
    { signal, budgetMs: 1, host: machine.host, onQmp: () => {}, onStart: () => {} },
  );
  await using running = started.machine;
  expect(running.personality).toBeUndefined();
  expect(started.firmware.record).toEqual({
    kind: 'fresh',
    why: 'Waited 0.001 s for the firmware to come to its hold point',
  });
});

/** Another sub1m that saves the same firmware. */
function saver(
  cacheDir: string,
  said: string,
  under: readonly string[] = [],
): ReturnType<typeof startCommand> {
  const program = projectPath('harness/cell/testing/saved-machine.ts');
  const command = [process.execPath, '--import', TYPESCRIPT, program, cacheDir, said];
  return startCommand([...under, ...command]);
}

it('is saved by one of two that want it at once, and after one that was killed while saving', async () => {
  const firmwares = join(temp.path, 'firmware');
  const files = ['one', 'two'].map((name) => join(temp.path, name));
  const killed = saver(temp.path, join(temp.path, 'killed'));
  const unfinished = async (): Promise<string[]> =>
    existsSync(firmwares)
      ? (await readdir(firmwares)).filter((name) => name.startsWith('.unfinished-'))
      : [];
  while ((await unfinished()).length === 0) await delay(20);
  killed.child.kill('SIGKILL');
  await killed.ended;
  expect(await unfinished()).toHaveLength(1);

  await Promise.all(files.map((file) => saver(temp.path, file).ended));
  const [one, two] = await Promise.all(
    files.map(async (file) => JSON.parse(await readFile(file, 'utf8')) as SavedFirmware),
  );
  expect(one).toEqual(two);
  expect(await readdir(firmwares)).toEqual(['', '.lock', '.use'].map((end) => `${one?.key}${end}`));
});

it.skipIf(process.getuid?.() !== 0)('leaves nothing on a disk that is full', async () => {
  const disk = await smallDisk(join(temp.path, 'disk'), '20m');
  const command = saver(disk.path, join(temp.path, 'said'), disk.under);
  await using open = await openDisk(disk, command.child.pid);
  const { status, stderr } = await command.ended;
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/Error: Cannot write \S+ in the cache: .*no space left/i);
  expect(await readdir(join(open.path, 'firmware'))).toEqual([
    expect.stringMatching(/^[0-9a-f]{64}\.lock$/),
    expect.stringMatching(/^[0-9a-f]{64}\.use$/),
  ]);
});
