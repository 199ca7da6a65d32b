// SPDX-License-Identifier: MIT
import type { CellSpec, MachineRecord } from '../bundle/cell-record.ts';
import type { Ovmf } from '../firmware/ovmf.ts';
import type { Log } from '../log.ts';
import type { SavedFirmwares } from './saved-firmware.ts';

/** A firmware, with what a cell's record holds about it. */
export type CellOvmf = Ovmf & MachineRecord['ovmf'] & { readonly varsSha256: string };

/** What all cells of a run share: the host's parts, found and probed once. */
export interface CellHost {
  readonly qemu: MachineRecord['qemu'];
  /** The firmware of a reference (`CellSpec.ovmf`), found once. */
  readonly ovmf: (wanted: string) => Promise<CellOvmf>;
  /** The accelerator for a cell that asks for this one, and why. */
  readonly accelerator: (
    wanted: Pick<CellSpec, 'accel' | 'ovmf'>,
  ) => Promise<MachineRecord['accel']>;
  /** The firmwares that machines go on from. */
  readonly savedFirmwares: SavedFirmwares;
  /** Where initramfs images are kept. */
  readonly cacheDir: string;
  /** The user's factor on every phase budget. */
  readonly budgetScale: number;
  /** Whether to keep the whole memory of a machine whose kernel died. */
  readonly keepMemory: boolean;
  readonly log: Log;
}
