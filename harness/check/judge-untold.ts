// SPDX-License-Identifier: MIT
import type { CellRecord } from '../bundle/cell-record.ts';
import { codeOf, wordsOf } from '../errors.ts';
import { judgeBundle } from './judge-bundle.ts';
import type { Judgement } from './judgement.ts';

/** The judgement on a cell that an error kept from being judged: it is unjudged, and nothing of it was seen. */
export function judgeUntold(record: CellRecord, error: unknown): Judgement {
  const outcome = {
    kind: 'infra',
    phase: null,
    code: codeOf(error),
    message: wordsOf(error),
  } as const;
  return judgeBundle({ folder: '', cell: { ...record, outcome }, files: new Map() }, undefined);
}
