// SPDX-License-Identifier: MIT
import type { VirtAddr } from '../memory/pfn.ts';
import type { MachineHold } from '../qemu/machine-hold.ts';
import type { Machine } from '../qemu/machine.ts';

/** See `MachineHold`. */
export type CellHold = Pick<MachineHold, 'stopped' | 'release' | typeof Symbol.asyncDispose>;

/** What a cell needs of its machine. */
export interface CellMachine extends Pick<
  Machine,
  'ended' | 'sendBreak' | 'readPhys' | 'savePhys' | 'saveCore' | 'registers' | 'physOf'
> {
  readonly console: Pick<Machine['console'], 'write'>;
  /** See `Machine.holdAt`. */
  holdAt(vaddr: VirtAddr, signal: AbortSignal): Promise<CellHold>;
}
