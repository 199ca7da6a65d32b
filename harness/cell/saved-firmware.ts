// SPDX-License-Identifier: MIT
import { open, readFile, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import type { MachineRecord } from '../bundle/cell-record.ts';
import { FirmwareError, Sub1mError } from '../errors.ts';
import { type Ovmf, copyVars } from '../firmware/ovmf.ts';
import type { Log } from '../log.ts';
import { cachedFolder } from '../process/cache.ts';
import { sealedSha256 } from '../process/cache-seal.ts';
import { withDeadline } from '../process/deadline.ts';
import { sha256Once } from '../process/file-hash.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { Machine } from '../qemu/machine.ts';
import {
  type FirmwareShape,
  type HoldableConfig,
  firmwareShape,
  hostLines,
  savingConfig,
  shapeKey,
} from './firmware-shape.ts';

/** A machine whose firmware has come up, kept for others of its shape. */
export interface SavedFirmware {
  readonly key: string;
  /** Path of QEMU's state, and its hash. */
  readonly state: string;
  readonly sha256: string;
  /** What the driver had reported when the machine was saved. */
  readonly said: string;
}

/** What the machine of a cell is made of. */
interface SavedParts {
  readonly config: HoldableConfig;
  readonly romSha256: string;
  readonly ovmf: Ovmf & { readonly sha256: string; readonly varsSha256: string };
}

/** Where machines run, and where firmwares are kept. */
interface SavingHost {
  readonly qemu: MachineRecord['qemu'];
  readonly cacheDir: string;
  readonly log: Log;
}

interface SaveOptions {
  readonly signal: AbortSignal;
  /** How long the firmware may take to come up, ms. */
  readonly budgetMs: number;
}

/** The files of an entry of the cache. */
const [STATE, SAID, SHAPE] = ['state', 'personality.log', 'shape.json'] as const;

/** Characters that the driver says before it is held: a few words. */
const SAID_LIMIT = 4096;

/** The saved firmwares of a host: one for each shape of machine, made by whoever needs it first. */
export class SavedFirmwares {
  readonly #host: SavingHost;
  /** The states from which a machine did not go on: by key their hashes, and why. */
  readonly #bad = new Map<string, Map<string, string>>();
  /** Why there is none, by key. */
  readonly #hopeless = new Map<string, Sub1mError>();
  readonly #said = new Set<string>();

  constructor(host: SavingHost) {
    this.#host = host;
  }

  /**
   * The saved firmware for a machine, saved now unless it is there. One that is damaged, or that was found to be bad, is
   * made anew. Throws `FirmwareError` when two were bad, what the cache throws, and what a machine throws: from then on
   * always the same.
   */
  async require(parts: SavedParts, options: SaveOptions): Promise<SavedFirmware> {
    const shape = await shapeOf(parts, this.#host.qemu);
    const key = shapeKey(shape);
    const error = this.#hopeless.get(key);
    if (error !== undefined) throw error;
    try {
      return await this.#provide({ key, shape, parts }, options);
    } catch (thrown) {
      if (thrown instanceof Sub1mError && !options.signal.aborted) this.#hopeless.set(key, thrown);
      throw thrown;
    }
  }

  async #provide(
    { key, shape, parts }: { key: string; shape: FirmwareShape; parts: SavedParts },
    options: SaveOptions,
  ): Promise<SavedFirmware> {
    const bad = this.#bad.get(key) ?? new Map<string, string>();
    const [last, ...others] = [...bad.values()].toReversed();
    if (last !== undefined && others.length > 0) {
      throw new FirmwareError(`Cannot use a saved firmware: made anew, and bad again (${last})`);
    }
    const { cacheDir, log } = this.#host;
    const build = async (unfinished: string): Promise<void> => {
      log.debug(`saving the firmware of a machine as ${key}`);
      await save(unfinished, parts, options);
      await writeFile(join(unfinished, SHAPE), shapeText(shape));
    };
    const findFault = async (path: string): Promise<string | null> =>
      bad.get(await sealedSha256(path, STATE)) ?? (await otherShape(path, shape));
    const kept = { log, signal: options.signal, findFault };
    const folder = await cachedFolder(join(cacheDir, 'firmware', key), build, kept);
    return {
      key,
      state: join(folder, STATE),
      sha256: await sealedSha256(folder, STATE),
      said: await readFile(join(folder, SAID), 'latin1'),
    };
  }

  /** Has a saved firmware made anew, once, from which a machine did not go on. */
  distrust({ key, sha256 }: Pick<SavedFirmware, 'key' | 'sha256'>, why: string): void {
    const bad = this.#bad.get(key) ?? new Map<string, string>();
    this.#bad.set(key, bad.set(sha256, why));
  }

  /** Says, once, why machines boot their firmware themselves. */
  giveUp(why: string): void {
    if (this.#said.has(why)) return;
    this.#said.add(why);
    this.#host.log.warn(`Machines boot their firmware themselves: ${why}`);
  }
}

async function shapeOf(
  { config, romSha256, ovmf }: SavedParts,
  { binary, version }: SavingHost['qemu'],
): Promise<FirmwareShape> {
  return firmwareShape(config, {
    qemu: { version, sha256: await sha256Once(binary) },
    firmware: { code: ovmf.sha256, vars: ovmf.varsSha256, rom: romSha256 },
    host: hostLines(release(), await readFile('/proc/cpuinfo', 'utf8')),
  });
}

function shapeText(shape: FirmwareShape): string {
  return `${JSON.stringify(shape, null, 1)}\n`;
}

/** Says that an entry is that of another shape, whoever put it there; null if it is not. */
async function otherShape(folder: string, shape: FirmwareShape): Promise<string | null> {
  const found = await readFile(join(folder, SHAPE), 'utf8');
  return found === shapeText(shape) ? null : `${SHAPE}: expected this machine, found another`;
}

/** Boots a machine's firmware up to the hold point, and saves it. */
async function save(
  folder: string,
  { config, ovmf }: SavedParts,
  { signal, budgetMs }: SaveOptions,
): Promise<void> {
  await using temp = await makeTempDir();
  const disks = config.disks.map((disk) => ({ ...disk, path: join(temp.path, disk.serial) }));
  for (const { path } of disks) await makeEmptyDisk(path);
  const saving = savingConfig(config);
  const machineConfig = {
    ...saving,
    firmware: { ...saving.firmware, vars: await copyVars(ovmf, temp.path) },
    disks,
    folder: temp.path,
  };
  await using machine = await Machine.start(machineConfig, { signal });
  // A port that nobody reads holds its guest up.
  for (const port of [machine.console, machine.agent]) port.onBytes(() => {});
  const limits = { budgetMs, signal };
  const said = await withDeadline('the firmware to come to its hold point', limits, () =>
    Promise.race([hold(machine), early(machine)]),
  );
  await writeFile(join(folder, SAID), said, 'latin1');
  await machine.saveState(join(folder, STATE));
}

/** A disk of one sector: the firmware does not look at disks before the hold point. */
async function makeEmptyDisk(path: string): Promise<void> {
  await using file = await open(path, 'wx');
  await file.truncate(512);
}

/** Resolves with what the driver says, once it is held. */
function hold({ personality }: Machine): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    personality?.onBytes((bytes) => {
      said = (said + Buffer.from(bytes).toString('latin1')).slice(0, SAID_LIMIT);
      const [error] = /^error .*(?=\n)/m.exec(said) ?? [];
      if (/^hold\n/m.test(said)) resolve(said);
      if (error !== undefined) reject(new FirmwareError(`Cannot hold the firmware: ${error}`));
    });
  });
}

async function early(machine: Machine): Promise<never> {
  const { cause } = await machine.ended;
  throw new FirmwareError(`Cannot hold the firmware: its machine ended (${cause})`);
}
