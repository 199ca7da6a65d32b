// SPDX-License-Identifier: MIT
import { type CellSpec, STANDARD_CELL } from '../bundle/cell-record.ts';
import { sha256 } from '../process/file-hash.ts';

const KEY_DIGITS = 16;

/**
 * By what a cell is known again in another run: a hash of what was asked of it. What is as in every standard cell does not
 * count, so a field that a later sub1m adds changes no key.
 */
export function cellKey(spec: CellSpec): string {
  const standard: Partial<CellSpec> = STANDARD_CELL;
  const fields = (Object.keys(spec) as (keyof CellSpec)[]).toSorted();
  const asked = fields
    .filter((field) => spec[field] !== standard[field])
    .map((field) => [field, spec[field]]);
  return sha256(JSON.stringify(asked)).slice(0, KEY_DIGITS);
}
