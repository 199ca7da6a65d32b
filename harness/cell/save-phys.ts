// SPDX-License-Identifier: MIT
/** Guest memory by way of QEMU, which says nothing when the last bytes do not reach a full disk (`qmp_pmemsave()`). */
import { stat } from 'node:fs/promises';
import { HostError } from '../errors.ts';
import type { PhysAddr } from '../memory/pfn.ts';
import { type PhysRange, rangeSize } from '../memory/phys-range.ts';
import type { CellMachine } from './cell-machine.ts';

/** Saves guest memory to a file. Throws `HostError` for one that is cut. */
export async function savePhys(
  machine: Pick<CellMachine, 'savePhys'>,
  range: PhysRange,
  path: string,
): Promise<void> {
  await machine.savePhys(range, path);
  requireWhole((await stat(path)).size, rangeSize(range));
}

/** Reads guest memory. Throws `HostError` for less than was asked. */
export async function readPhys(
  machine: Pick<CellMachine, 'readPhys'>,
  start: PhysAddr,
  length: number,
): Promise<Uint8Array> {
  const bytes = await machine.readPhys(start, length);
  requireWhole(bytes.length, length);
  return bytes;
}

function requireWhole(found: number, expected: number): void {
  if (found === expected) return;
  throw new HostError(
    `Cannot save guest memory: expected ${expected} bytes, found ${found}; is there no room on the disk?`,
  );
}
