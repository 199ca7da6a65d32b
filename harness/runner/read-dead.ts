// SPDX-License-Identifier: MIT
import { BundleFolder } from '../bundle/bundle-folder.ts';
import type { CellSpec } from '../bundle/cell-record.ts';
import { parseDeadKernel } from '../bundle/dead-kernel.ts';
import { evidencePath } from '../bundle/evidence.ts';
import type { DeadEvidence } from '../report/inspect-dead.ts';

/** The bundle of a cell whose kernel died. */
export interface DeadToRead {
  /** The folder, held open meanwhile by who asks. */
  readonly folder: Pick<BundleFolder, 'path' | 'place'>;
  readonly spec: CellSpec;
}

/** Reads what was kept of the kernel: for a thread. Throws `FormatError`. */
export function readDead({ folder, spec }: DeadToRead): DeadEvidence {
  using held = BundleFolder.again(folder);
  const path = evidencePath(held.path, 'dead/kernel.json');
  const text = Buffer.from(held.read('dead/kernel.json', spec) ?? []).toString('utf8');
  const log = held.read('dead/dmesg', spec);
  const dmesg = log === undefined ? null : Buffer.from(log).toString('latin1');
  return { record: parseDeadKernel(text, path), dmesg };
}
