// SPDX-License-Identifier: MIT
import * as most from './evidence-limits.ts';
import type { EvidenceRow } from './evidence-row.ts';

/** The rows of `EVIDENCE` on the vmcore, however it is stored, and on what is left of one that is not. */
export const VMCORE_EVIDENCE = {
  vmcore: {
    is: 'with `--vmcore filtered`: as makedumpfile writes it, flattened',
    phase: 'dump',
    judged: false,
    limit: most.dumpBytes,
  },
  'vmcore.zst': {
    is: "the whole vmcore, flattened, without its pages of zeroes; of a cell without crashkernel QEMU's dump of the machine as it reboots",
    phase: 'dump',
    judged: false,
    limit: most.packedDump,
  },
  'vmcore.shared.json': {
    is: 'with `--share-vmcores`: the SHA-256 of the file `vmcore`, and of the vmcore in `../vmcores/` that it is made from',
    phase: 'dump',
    judged: false,
    limit: most.LINES,
  },
  'vmcore.delta.zst': {
    is: 'how it differs from that one, if it does (`zstd --patch-from`)',
    phase: 'dump',
    judged: false,
    limit: most.packedDump,
  },
  'removed/vmcore.json': {
    is: 'of a vmcore that `--keep` removed: that it did, and what was read of it, by which it is judged again',
    phase: null,
    judged: false,
    limit: most.RECORD,
  },
  'removed/pages.gz': {
    is: 'gzip, words of 32 bits, little-endian: how many runs of pages it had, the first page of each and the one after its last, a CRC-32 for each page; the runs of pages that it should have had, likewise',
    phase: null,
    judged: false,
    limit: most.packedRemovedPages,
  },
} as const satisfies Record<string, EvidenceRow>;
