// SPDX-License-Identifier: MIT
import { readBundle } from '../bundle/bundle.ts';
import { BundleFolder } from '../bundle/bundle-folder.ts';
import type { CellRecord } from '../bundle/cell-record.ts';
import { judgeBundle } from '../check/judge-bundle.ts';
import type { Judgement } from '../check/judgement.ts';
import type { VmcoreDigest } from '../vmcore/vmcore-digest.ts';

/** A bundle whose record and dump have been read. */
export interface EvidenceToJudge {
  /** The folder, held open meanwhile by who asks. */
  readonly folder: Pick<BundleFolder, 'path' | 'place'>;
  readonly record: CellRecord;
  readonly vmcore: VmcoreDigest | undefined;
}

/** Reads the rest of a bundle and judges it: for a thread. Throws as `readBundle()` does. */
export function judgeEvidence({ folder, record, vmcore }: EvidenceToJudge): Judgement {
  using held = BundleFolder.again(folder);
  return judgeBundle(readBundle(held, record), vmcore);
}
