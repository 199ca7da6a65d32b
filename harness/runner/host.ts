// SPDX-License-Identifier: MIT
import type { CellSpec } from '../bundle/cell-record.ts';
import type { CellHost, CellOvmf } from '../cell/cell-host.ts';
import { SavedFirmwares } from '../cell/saved-firmware.ts';
import { findOvmf } from '../firmware/ovmf.ts';
import { type FirmwareContext, requireFirmware } from '../firmware/require-firmware.ts';
import { sha256Once } from '../process/file-hash.ts';
import { type Accelerator, chooseAccelerator } from '../qemu/accelerator.ts';
import { requireQemu } from '../qemu/qemu-binary.ts';
import { packageContext } from './package-context.ts';
import type { RunnerContext } from './runner-context.ts';

interface HostOptions {
  /** The user's factor on every phase budget. */
  readonly budget: number;
  /** `memory`: all memory of a machine whose kernel died, too. */
  readonly keep?: readonly string[] | undefined;
  /** The mirror that the user named, if any. */
  readonly mirror?: string | undefined;
}

/** Finds the host's parts for cells. Throws `HostError` naming the package of one that is missing. */
export async function requireHost(
  context: RunnerContext,
  { budget, keep, ...named }: HostOptions,
): Promise<CellHost> {
  const { environment, signal, log } = context;
  const { cacheDir, firmwareFolders } = environment;
  const { path: binary, version } = await requireQemu(environment.path, signal);
  const packages = packageContext(named, context);
  const ovmf = once((wanted: string) => cellOvmf(wanted, { ...packages, firmwareFolders }));
  // Whether KVM works is tried with the host's own firmware where there is one: the answer is kept by firmware.
  const [hostOvmf] = (await findOvmf(firmwareFolders)).found;
  const answers = new Map<CellSpec['accel'], Promise<Accelerator>>();
  const qemu = { binary, version };
  return {
    qemu,
    ovmf,
    accelerator: async (wanted) => {
      const firmware = hostOvmf ?? (await ovmf(wanted.ovmf));
      const options = { binary, firmware, signal, log, cacheFolder: cacheDir };
      const answer = answers.get(wanted.accel) ?? chooseAccelerator(wanted.accel, options);
      answers.set(wanted.accel, answer);
      const { kind, why } = await answer;
      return { kind, why };
    },
    savedFirmwares: new SavedFirmwares({ qemu, cacheDir, log }),
    cacheDir,
    budgetScale: budget,
    keepMemory: keep?.includes('memory') ?? false,
    log,
  };
}

async function cellOvmf(wanted: string, context: FirmwareContext): Promise<CellOvmf> {
  const ovmf = await requireFirmware(wanted, context);
  const [sha256, varsSha256] = [await sha256Once(ovmf.code), await sha256Once(ovmf.vars)];
  return { ...ovmf, sha256, varsSha256 };
}

/** `find`, called only once for each thing. */
function once<T>(find: (wanted: string) => Promise<T>): (wanted: string) => Promise<T> {
  const found = new Map<string, Promise<T>>();
  return (wanted) => {
    const finding = found.get(wanted) ?? find(wanted);
    found.set(wanted, finding);
    return finding;
  };
}
