// SPDX-License-Identifier: MIT
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { CellSpec } from '../bundle/cell-record.ts';
import { dumpBytes } from '../bundle/evidence-limits.ts';

/** The size of the disks `system` and `capture`, in bytes: `observe` fits several times. */
const OBSERVED_DISK_SIZE = 64 * 1024 * 1024;

/** What the vmcore is called in the bundle while it is not whole. */
export const VMCORE_PART = 'vmcore.part';

/** A disk that the guest writes: a sparse file. */
interface OutputDisk {
  readonly path: string;
  readonly size: number;
}

/** The disks of guest/PROTOCOL.md. */
export interface CellDisks {
  readonly input: string;
  readonly system: OutputDisk;
  readonly capture: OutputDisk;
  /** Lies in the bundle from the start, so that a whole vmcore only needs its name. */
  readonly vmcore: OutputDisk | undefined;
}

/** Makes the disks that the guest writes: the vmcore in `bundle`, the others in `temp`. */
export async function makeCellDisks(
  spec: CellSpec,
  {
    input,
    temp,
    bundle,
  }: { readonly input: string; readonly temp: string; readonly bundle: string },
): Promise<CellDisks> {
  const keepsVmcore = spec.crashkernel !== null && spec.vmcore !== 'none';
  return {
    input,
    system: await makeDisk(join(temp, 'system'), OBSERVED_DISK_SIZE),
    capture: await makeDisk(join(temp, 'capture'), OBSERVED_DISK_SIZE),
    vmcore: keepsVmcore ? await makeDisk(join(bundle, VMCORE_PART), dumpBytes(spec)) : undefined,
  };
}

/** The disks as QEMU is given them; their serial numbers are how the agent tells them apart. */
export function machineDisks(
  disks: CellDisks,
): { serial: string; path: string; readonly: boolean }[] {
  return [
    { serial: 'input', path: disks.input, readonly: true },
    { serial: 'system', path: disks.system.path, readonly: false },
    { serial: 'capture', path: disks.capture.path, readonly: false },
    ...(disks.vmcore ? [{ serial: 'vmcore', path: disks.vmcore.path, readonly: false }] : []),
  ];
}

async function makeDisk(path: string, size: number): Promise<OutputDisk> {
  const file = await open(path, 'wx');
  try {
    await file.truncate(size);
  } finally {
    await file.close();
  }
  return { path, size };
}
