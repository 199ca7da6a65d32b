// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { type CellSpec, STANDARD_CELL } from '../bundle/cell-record.ts';

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
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex').slice(0, KEY_DIGITS);
}
