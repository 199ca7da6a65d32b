// SPDX-License-Identifier: MIT
/** A small machine for tests of saved firmwares. Run as a program with a cache folder, it saves its firmware there. */
import { pathToFileURL } from 'node:url';
import { copyVars, requireOvmf } from '../../firmware/ovmf.ts';
import { makePersonality } from '../../firmware/personality.ts';
import { type Log, silentLog } from '../../log.ts';
import { sha256File } from '../../process/file-hash.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { requireQemu } from '../../qemu/qemu-binary.ts';
import { SavedFirmwares } from '../saved-firmware.ts';

/** How long the firmware may take on a busy host, ms. */
export const BUDGET_MS = 240_000;

/** What the machine in `folder` is made of, with what tests of it need. */
export async function savedMachine(
  { cacheDir, folder }: { readonly cacheDir: string; readonly folder: string },
  { signal, log = silentLog }: { readonly signal: AbortSignal; readonly log?: Log },
) {
  const found = await requireOvmf();
  const qemu = await requireQemu('/usr/bin', signal);
  const [sha256, varsSha256] = [await sha256File(found.code), await sha256File(found.vars)];
  const ovmf = { ...found, sha256, varsSha256 };
  const personality = await makePersonality(null, folder, { cacheDir, signal, log });
  const config = {
    binary: qemu.path,
    accel: 'tcg' as const,
    cpus: 1,
    memoryMiB: 128,
    firmware: { code: ovmf.code, vars: await copyVars(ovmf, folder) },
    disks: [],
    folder,
  };
  const host = { qemu: { binary: qemu.path, version: qemu.version }, cacheDir, log };
  const savedFirmwares = new SavedFirmwares(host);
  const parts = { config: { ...config, personality }, romSha256: personality.romSha256, ovmf };
  return { config, ovmf, personality, parts, host: { ...host, savedFirmwares } };
}

const [, program = '', cacheDir] = process.argv;
if (import.meta.url === pathToFileURL(program).href && cacheDir !== undefined) {
  await using temp = await makeTempDir();
  const { signal } = new AbortController();
  const { parts, host } = await savedMachine({ cacheDir, folder: temp.path }, { signal });
  const saved = await host.savedFirmwares.require(parts, { signal, budgetMs: BUDGET_MS });
  process.stdout.write(`${JSON.stringify(saved)}\n`);
}
