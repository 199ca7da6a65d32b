// SPDX-License-Identifier: MIT
import type { Machine } from '../qemu/machine.ts';

/** What a cell asks of its machine. */
export interface CellMachine extends Pick<
  Machine,
  'ended' | 'sendBreak' | 'readPhys' | 'savePhys' | 'registers' | 'holdAt' | 'physOf'
> {
  readonly console: Pick<Machine['console'], 'write'>;
}
