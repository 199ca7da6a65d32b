// SPDX-License-Identifier: MIT
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostError, ProcessError } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import { planPersonality } from '../layout/personality-plan.ts';
import type { Log } from '../log.ts';
import { cachedFolder } from '../process/cache.ts';
import { sealedSha256 } from '../process/cache-seal.ts';
import { sha256, sha256File } from '../process/file-hash.ts';
import { findProgram } from '../process/find-program.ts';
import { runCommand } from '../process/owned-process.ts';
import { projectPath } from '../project-root.ts';
import { layoutBlob } from './layout-blob.ts';
import { ROM_BAR_BYTES, ROM_DEVICE, packOptionRom } from './option-rom.ts';

/** What a machine needs for its firmware to have a layout. */
export interface Personality {
  /** QEMU's name of the device that carries the option ROM. */
  readonly device: string;
  /** Path of the option ROM, and the size of its BAR in bytes. */
  readonly rom: string;
  readonly romBytes: number;
  readonly romSha256: string;
  /** Path of the layout, in the form that the driver reads from fw_cfg; empty if the firmware keeps its own. */
  readonly layout: string;
  readonly layoutSha256: string;
}

type PackedRom = Pick<Personality, 'rom' | 'romSha256'>;

interface RomOptions {
  readonly cacheDir: string;
  readonly signal: AbortSignal;
  readonly log: Log;
}

const SOURCES = projectPath('guest/personality');

/** The programs that build the driver, each with its Debian package. */
const TOOLS = [
  ['gcc', 'gcc'],
  ['objcopy', 'binutils'],
] as const;

/**
 * Writes what gives OVMF this layout into `folder`; null is OVMF's own, which the driver leaves as it is. Throws `FormatError` for a layout that no machine can have,
 * `HostError` if the driver cannot be built.
 */
export async function makePersonality(
  layout: Layout | null,
  folder: string,
  options: RomOptions,
): Promise<Personality> {
  const blob = layout ? layoutBlob(planPersonality(layout)) : new Uint8Array();
  const path = join(folder, 'layout.bin');
  await writeFile(path, blob);
  return {
    device: ROM_DEVICE.name,
    ...(await requirePersonalityRom(options)),
    romBytes: ROM_BAR_BYTES,
    layout: path,
    layoutSha256: sha256(blob),
  };
}

/** The path of the option ROM with the personality driver, built once for each state of its sources and compiler. */
async function requirePersonalityRom(options: RomOptions): Promise<PackedRom> {
  const { cacheDir, signal } = options;
  for (const [tool, from] of TOOLS) await requireTool(tool, from);
  const names = (await readdir(SOURCES)).toSorted();
  const hashes = await Promise.all(names.map((name) => sha256File(join(SOURCES, name))));
  const versions = TOOLS.map(([tool]) => runCommand([tool, '--version'], { signal }));
  const key = sha256([...names, ...hashes, ...(await Promise.all(versions))].join());
  const make = async (building: string): Promise<void> => {
    const driver = join(building, 'driver.efi');
    await build(driver, signal);
    await writeFile(join(building, 'driver.rom'), packOptionRom(await readFile(driver)));
  };
  const kept = { ...options, adopt: adoptRom };
  const folder = await cachedFolder(join(cacheDir, 'personality', key), make, kept);
  return { rom: join(folder, 'driver.rom'), romSha256: await sealedSha256(folder, 'driver.rom') };
}

/** What is wrong with the option ROM of an older sub1m, in words; null if it is its driver, packed. */
async function adoptRom(folder: string): Promise<string | null> {
  const packed = packOptionRom(await readFile(join(folder, 'driver.efi')));
  const isSame = (await readFile(join(folder, 'driver.rom'))).equals(packed);
  return isSame ? null : 'driver.rom is not that of driver.efi';
}

async function build(driver: string, signal: AbortSignal): Promise<void> {
  try {
    await runCommand([join(SOURCES, 'build.sh'), driver], { signal });
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    throw new HostError(`Cannot build the personality driver: ${error.message}`, { cause: error });
  }
}

async function requireTool(name: string, from: string): Promise<void> {
  if ((await findProgram(name)) !== undefined) return;
  throw new HostError(
    `Cannot build the personality driver: ${name} not found; run: apt-get install ${from}`,
  );
}
