// SPDX-License-Identifier: MIT
import type { CellSpec } from '../bundle/cell-record.ts';
import type { CellHost } from '../cell/cell-host.ts';
import { requireOvmf } from '../firmware/ovmf.ts';
import { sha256File } from '../process/file-hash.ts';
import { type Accelerator, chooseAccelerator } from '../qemu/accelerator.ts';
import { requireQemu } from '../qemu/qemu-binary.ts';
import type { CommandContext } from './command-context.ts';

/** Finds the host's parts for cells. Throws `HostError` naming the package of one that is missing. */
export async function requireHost(context: CommandContext, budgetScale: number): Promise<CellHost> {
  const { environment, signal, log } = context;
  const { cacheDir } = environment;
  const { path: binary, version } = await requireQemu(environment.path, signal);
  const ovmf = await requireOvmf(environment.firmwareFolders);
  const answers = new Map<CellSpec['accel'], Promise<Accelerator>>();
  return {
    qemu: { binary, version },
    ovmf: { ...ovmf, sha256: await sha256File(ovmf.code) },
    accelerator: async (wanted) => {
      const answer =
        answers.get(wanted) ??
        chooseAccelerator(wanted, { binary, firmware: ovmf, signal, cacheFolder: cacheDir });
      answers.set(wanted, answer);
      const { kind, why } = await answer;
      return { kind, why };
    },
    cacheDir,
    budgetScale,
    log,
  };
}
