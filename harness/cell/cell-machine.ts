// SPDX-License-Identifier: MIT
import type { VirtAddr } from '../memory/pfn.ts';
import type { MachineHold } from '../qemu/machine-hold.ts';
import type { MachineRam } from '../qemu/machine-ram.ts';
import type { Machine } from '../qemu/machine.ts';

/** See `MachineHold`. */
export type CellHold = Pick<MachineHold, 'stopped' | 'release' | typeof Symbol.asyncDispose>;

/** What a cell needs of its machine. */
export interface CellMachine extends Pick<
  Machine,
  | 'ended'
  | 'beforeEnd'
  | 'pause'
  | 'sendBreak'
  | 'readPhys'
  | 'savePhys'
  | 'coreHead'
  | 'registers'
  | 'physOf'
> {
  readonly console: Pick<Machine['console'], 'write'>;
  /** See `Machine.openRam`. */
  openRam(): Promise<Pick<MachineRam, 'place' | typeof Symbol.asyncDispose>>;
  /** See `Machine.holdAt`. */
  holdAt(vaddr: VirtAddr, signal: AbortSignal): Promise<CellHold>;
}
