// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PAGE_SIZE } from '../../memory/pfn.ts';
import { bytesSource } from './byte-source.ts';
import { flattenedPieces } from './flatten.ts';
import { flattenedSource } from './flattened.ts';

/** 600 pages and a few bytes; the listed pages begin with their number, the others are zero. */
function dumpOf(filled: readonly number[], more: number): Uint8Array {
  const dump = new Uint8Array(600 * PAGE_SIZE + more);
  for (const page of filled) dump[page * PAGE_SIZE] = page % 255 || 1;
  return dump;
}

it('gives a dump that reads like the original', () => {
  const pages = fc.array(fc.nat({ max: 599 }), { maxLength: 40 });
  fc.assert(
    fc.property(pages, fc.nat({ max: 3 * PAGE_SIZE }), (filled, more) => {
      const dump = dumpOf(filled, more);
      const flat = flattenedSource(
        bytesSource(Buffer.concat([...flattenedPieces(bytesSource(dump))])),
      );
      expect(flat.size).toBe(dump.length);
      expect(Buffer.compare(flat.read(0, flat.size), dump)).toBe(0);
    }),
    { numRuns: 30 },
  );
});

it('leaves out pages of zeroes', () => {
  const flat = Buffer.concat([...flattenedPieces(bytesSource(dumpOf([0, 1, 255, 256, 300], 0)))]);
  // The header; five pages and the last one, in five records as a chunk ends at page 255; the end.
  expect(flat.length).toBe(PAGE_SIZE + 6 * PAGE_SIZE + 5 * 16 + 16);
});
