// SPDX-License-Identifier: MIT
import { readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { crc32 } from 'node:zlib';
import { type Layout, parseLayout } from '../layout/layout.ts';
import { type PersonalityLog, parsePersonalityLog } from '../layout/personality-log.ts';
import { silentLog } from '../log.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { Machine } from '../qemu/machine.ts';
import type { MachineConfig } from '../qemu/machine-config.ts';
import { copyVars, requireOvmf } from '../firmware/ovmf.ts';
import { makePersonality } from '../firmware/personality.ts';

const { signal } = new AbortController();
const cacheDir = join(homedir(), '.cache/sub1m');
let folder: TempDir;
let stateFolder: TempDir;
/** A machine that the driver holds, for others to go on from: its firmware is up already. */
let heldState: string;

beforeAll(async () => {
  stateFolder = await makeTempDir();
  folder = await makeTempDir();
  heldState = join(stateFolder.path, 'state');
  const config = await configOf(layoutOf({ ranges: ALL_CONVENTIONAL }));
  const personality = config.personality && { ...config.personality, hold: true };
  await using held = await Machine.start(
    { ...config, ...(personality && { personality }) },
    { signal },
  );
  await driverSays(held, 'hold');
  await held.saveState(heldState);
  await folder[Symbol.asyncDispose]();
});

afterAll(async () => {
  await stateFolder[Symbol.asyncDispose]();
});

beforeEach(async () => {
  folder = await makeTempDir();
});

afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

function layoutOf(changes: object): Layout {
  const layout = { schema: 1, id: 'test', source: 'a test', kind: 'efi', ...changes };
  return parseLayout(JSON.stringify(layout), 'test');
}

const ALL_CONVENTIONAL = [{ start: '0x0', end: '0x9ffff', type: 'Conventional' }];

/** A machine whose firmware gets the layout, and has nothing to boot. */
async function configOf(layout: Layout): Promise<MachineConfig> {
  const ovmf = await requireOvmf();
  const personality = await makePersonality(layout, folder.path, {
    cacheDir,
    signal,
    log: silentLog,
  });
  return {
    binary: 'qemu-system-x86_64',
    accel: 'tcg',
    cpus: 1,
    memoryMiB: 256,
    firmware: { code: ovmf.code, vars: await copyVars(ovmf, folder.path) },
    disks: [],
    personality,
    folder: folder.path,
  };
}

/** Resolves with all that the driver said once it has said `word` on a line of its own. */
function driverSays(machine: Machine, word: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    machine.personality?.onBytes((bytes) => {
      said += Buffer.from(bytes).toString('latin1');
      if (new RegExp(`^${word}\\b.*\\n`, 'm').test(said)) resolve(said);
    });
  });
}

/** What the driver reports when it goes on from the held state, up to the line that begins with `word`. */
async function reportOf(config: MachineConfig, word: string): Promise<PersonalityLog> {
  await using machine = await Machine.start({ ...config, incoming: heldState }, { signal });
  const said = await driverSays(machine, word);
  expect(said).toMatch(/^go\n/);
  return parsePersonalityLog(`sub1m-personality 1\n${said}`);
}

const shapeOf = (map: PersonalityLog['after']): string[] =>
  map.map(({ range, type }) => `${type} ${range.start.toString(16)}-${range.end.toString(16)}`);

describe('the personality driver', () => {
  it('gives OVMF every type, neighbours kept apart and holes, and says what it got', async () => {
    const types =
      `Reserved LoaderCode LoaderData BootServicesCode BootServicesData RuntimeServicesCode
      RuntimeServicesData Conventional Unusable ACPIReclaim ACPINVS MMIO MMIOPort PalCode`.split(
        /\s+/,
      );
    const ranges = types.map((type, index) => ({
      start: `0x${(0x1_0000 + index * 0x4000).toString(16)}`,
      end: `0x${(0x1_1fff + index * 0x4000).toString(16)}`,
      type,
    }));
    const twins = [
      { start: '0x0', end: '0xfff', type: 'Conventional' },
      { start: '0x1000', end: '0x1fff', type: 'BootServicesData' },
      { start: '0x2000', end: '0x2fff', type: 'BootServicesData' },
      { start: '0xe0000', end: '0xfffff', type: 'Reserved' },
    ];
    const log = await reportOf(
      await configOf(layoutOf({ ranges: [...twins, ...ranges] })),
      'ready',
    );
    expect(log.errors).toEqual([]);
    expect(log.got.map(({ result }) => result)).toEqual(log.got.map(() => 'allocated'));
    expect(shapeOf(log.after)).toEqual([
      '7 0-1000',
      '4 1000-2000',
      '4 2000-3000',
      ...types.map((_, type) => {
        const start = 0x1_0000 + type * 0x4000;
        return `${type} ${start.toString(16)}-${(start + 0x2000).toString(16)}`;
      }),
      '0 e0000-100000',
    ]);
  });

  it('pulls its levers', async () => {
    const islands = [{ type: 'BootServicesData', start: '0x4000000', step: '0x4000', count: 150 }];
    const levers = { esrt: true, bgrt: true, setVirtualAddressMapFails: true, islands };
    const layout = layoutOf({ ranges: ALL_CONVENTIONAL, levers });
    const log = await reportOf(await configOf(layout), 'ready');
    expect(log.errors).toEqual([]);
    expect(log.islands).toEqual([{ got: 150, wanted: 150 }]);
    expect(log.tables.esrt).not.toBeNull();
    expect(log.tables.bgrt).not.toBeNull();
    expect(log.setVirtualAddressMapFails).toBe(true);
  });

  it.each<{ title: string; spoil: (blob: Buffer) => Uint8Array; error: string }>([
    {
      title: 'is cut in its header',
      spoil: (blob) => blob.subarray(0, 31),
      error: 'layout: a header wanted, bytes found 0x1f',
    },
    {
      title: 'is cut in its ranges',
      spoil: (blob) => blob.subarray(0, -1),
      error: 'layout: it is cut, bytes found 0x2b',
    },
    {
      title: 'is something else',
      spoil: (blob) => Buffer.from(blob).fill('x', 3, 4),
      error: 'layout: not a layout, byte found 0x3',
    },
    {
      title: 'is of another version',
      spoil: (blob) => changed(blob, 8, 2),
      error: 'layout: version 1 wanted, version found 0x2',
    },
    {
      title: 'has a bit flipped',
      spoil: (blob) => Buffer.from(blob).fill(8, 36, 37),
      error: 'layout: its checksum is wrong, bytes found 0x2c',
    },
    {
      title: 'has a range above 1 MiB',
      spoil: (blob) => changed(blob, 34, 0x101),
      error: 'range: it ends above 1 MiB, page found 0x101',
    },
    {
      title: 'has RAM in the VGA hole',
      spoil: (blob) => changed(blob, 34, 0xb0),
      error: 'range: RAM above 640 KiB, page found 0xb0',
    },
    {
      title: 'has an empty range',
      spoil: (blob) => changed(blob, 34, 0),
      error: 'range: it is empty, page found 0x0',
    },
    {
      title: 'has a range of an unknown type',
      spoil: (blob) => changed(blob, 36, 14),
      error: 'range: its memory type cannot be allocated, type found 0xe',
    },
    {
      title: 'is larger than any',
      spoil: (blob) => Buffer.concat([blob, Buffer.alloc(10_000)]),
      error: 'layout: too large, bytes found 0x2001',
    },
  ])('refuses a layout that $title, and the firmware goes on', async ({ spoil, error }) => {
    const config = await configOf(layoutOf({ ranges: ALL_CONVENTIONAL }));
    const path = config.personality?.layout ?? '';
    await writeFile(path, spoil(await readFile(path)));
    await using machine = await Machine.start({ ...config, incoming: heldState }, { signal });
    const goesOn = new Promise<void>((resolve) => {
      let screen = '';
      machine.console.onBytes((bytes) => {
        screen += Buffer.from(bytes).toString('latin1');
        if (screen.includes('BdsDxe: ')) resolve();
      });
    });
    const said = await driverSays(machine, 'error');
    expect(said).toContain(`error ${error}\n`);
    await goesOn;
  });

  it('waits at its hold point: another QEMU goes on with the state, and with another layout', async () => {
    const range = { start: '0x0', end: '0x8efff', type: 'RuntimeServicesData' };
    const log = await reportOf(await configOf(layoutOf({ ranges: [range] })), 'ready');
    expect(shapeOf(log.after)).toEqual(['6 0-8f000']);
  });

  it('comes to the same without a hold', async () => {
    const config = await configOf(layoutOf({ ranges: ALL_CONVENTIONAL }));
    await using machine = await Machine.start(config, { signal });
    const log = parsePersonalityLog(await driverSays(machine, 'ready'));
    expect(shapeOf(log.after)).toEqual(['7 0-a0000']);
  });
});

/** The blob with a little-endian number changed, and a checksum that is right again. */
function changed(blob: Buffer, offset: number, value: number): Buffer {
  const copy = Buffer.from(blob);
  copy.writeUInt16LE(value, offset);
  copy.writeUInt32LE(0, 16);
  copy.writeUInt32LE(crc32(copy), 16);
  return copy;
}
