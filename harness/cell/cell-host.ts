// SPDX-License-Identifier: MIT
import type { CellSpec, MachineRecord } from '../bundle/cell-record.ts';
import type { Ovmf } from '../firmware/ovmf.ts';
import type { Log } from '../log.ts';

/** What all cells of a run share: the host's parts, found and probed once. */
export interface CellHost {
  readonly qemu: MachineRecord['qemu'];
  readonly ovmf: Ovmf & MachineRecord['ovmf'];
  /** Which accelerator a cell gets that asks for this one, and why. */
  readonly accelerator: (wanted: CellSpec['accel']) => Promise<MachineRecord['accel']>;
  /** Where initramfs images are kept. */
  readonly cacheDir: string;
  /** The user's factor on every phase budget. */
  readonly budgetScale: number;
  readonly log: Log;
}
