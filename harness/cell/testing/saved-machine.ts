// SPDX-License-Identifier: MIT
/**
 * A small machine for tests of saved firmwares. Run as a program with a cache folder and a file, it saves its firmware in
 * the one, and says in the other what came of it.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { copyVars, requireOvmf } from '../../firmware/ovmf.ts';
import { makePersonality } from '../../firmware/personality.ts';
import { type Log, silentLog } from '../../log.ts';
import { sha256File } from '../../process/file-hash.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { requireQemu } from '../../qemu/qemu-binary.ts';
import type { MachineConfig } from '../../qemu/machine-config.ts';
import type { CellHost, CellOvmf } from '../cell-host.ts';
import { SavedFirmwares } from '../saved-firmware.ts';

/** How long the firmware may take on a busy host, ms. */
export const BUDGET_MS = 240_000;

type SavedParts = Parameters<SavedFirmwares['require']>[0];

interface SavedMachine {
  readonly config: MachineConfig;
  readonly ovmf: CellOvmf;
  readonly parts: SavedParts;
  readonly host: Pick<CellHost, 'cacheDir' | 'log' | 'savedFirmwares'>;
}

/** What the machine in `folder` is made of, with what tests of it need. */
export async function savedMachine(
  { cacheDir, folder }: { readonly cacheDir: string; readonly folder: string },
  { signal, log = silentLog }: { readonly signal: AbortSignal; readonly log?: Log },
): Promise<SavedMachine> {
  const found = await requireOvmf();
  const qemu = await requireQemu('/usr/bin', signal);
  const [sha256, varsSha256] = [await sha256File(found.code), await sha256File(found.vars)];
  const ovmf = { ...found, sha256, varsSha256 };
  const personality = await makePersonality(null, folder, { cacheDir, signal, log });
  const disk = join(folder, 'out');
  await writeFile(disk, new Uint8Array(4096));
  const config = {
    binary: qemu.path,
    accel: 'tcg' as const,
    cpus: 1,
    memoryMiB: 128,
    firmware: { code: ovmf.code, vars: await copyVars(ovmf, folder) },
    disks: [{ serial: 'out', path: disk, readonly: false }],
    folder,
  };
  const host = { qemu: { binary: qemu.path, version: qemu.version }, cacheDir, log };
  const savedFirmwares = new SavedFirmwares(host);
  const parts = { config: { ...config, personality }, romSha256: personality.romSha256, ovmf };
  return { config, ovmf, parts, host: { ...host, savedFirmwares } };
}

const [, program = '', cacheDir = '', said = ''] = process.argv;
if (import.meta.url === pathToFileURL(program).href) {
  await using temp = await makeTempDir();
  const { signal } = new AbortController();
  const { parts, host } = await savedMachine({ cacheDir, folder: temp.path }, { signal });
  const saved = await host.savedFirmwares.require(parts, { signal, budgetMs: BUDGET_MS });
  await writeFile(said, JSON.stringify(saved));
}
