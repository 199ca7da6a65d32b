// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { renderRunDocument } from '../run-document.ts';
import { brokenCell, runOf } from '../testing/run-builder.ts';
import { readRunDocument } from './read-run-document.ts';

const OLD = readFileSync(join(import.meta.dirname, '../../testdata/documents/run-1.json'), 'utf8');

interface Old {
  summary: { known?: number };
  cells: { fault?: null; invariants: { known?: null | string }[] }[];
  base?: object;
  changes?: object[];
}

/** The old document, changed. */
function oldWith(change: (document: Old) => void): string {
  const document = JSON.parse(OLD) as Old;
  change(document);
  return JSON.stringify(document);
}

describe('readRunDocument', () => {
  it('reads what this sub1m writes', () => {
    const text = renderRunDocument(runOf(brokenCell()));
    expect(readRunDocument(text)).toEqual(JSON.parse(text));
  });

  it('reads a document with schema 1 as it is: `unseen` then meant `not-asked`, too', () => {
    const document = readRunDocument(OLD);
    expect(document).toEqual(JSON.parse(OLD));
    const unseen = document.cells[0]?.invariants.filter(({ outcome }) => outcome === 'unseen');
    expect(unseen?.map(({ id }) => id)).toContain('lowmem.locked');
  });

  it('reads the first documents, which had no known defects and no seeded faults', () => {
    const first = oldWith(({ summary, cells }) => {
      delete summary.known;
      for (const cell of cells) {
        delete cell.fault;
        for (const invariant of cell.invariants) delete invariant.known;
      }
    });
    const { summary, cells } = readRunDocument(first);
    expect(summary).toEqual({ match: 2, mismatch: 0, unjudged: 0, known: 0 });
    expect(cells[0]?.fault).toBeNull();
    expect(cells[0]?.invariants[0]?.known).toBeNull();
  });

  it('reads the changes of an old document in the words of today', () => {
    const moved = { id: 'lowmem.locked', from: 'not asked', to: 'broken', why: '', isWorse: true };
    const sides = { cell: 'a', base: 'b', uncompared: null, pages: [] };
    const change = { ...sides, invariants: [moved], log: { gone: [], come: [] } };
    const text = oldWith((document) => {
      document.base = { name: 'v6.12', ref: 'k', sameImage: true, cells: [] };
      document.changes = [change];
    });
    expect(readRunDocument(text).changes?.[0]?.invariants).toEqual([
      { ...moved, from: 'not-asked' },
    ]);
  });

  it('takes what a newer sub1m added', () => {
    expect(readRunDocument(oldWith((document) => Object.assign(document, { later: 1 })))).toEqual(
      JSON.parse(OLD),
    );
  });

  it.each([
    ['{"schema": 3}', 'expected schema 1 or 2, found 3; a newer sub1m wrote it'],
    [
      '{"schema": 2, "run": 5}',
      'run: Invalid input: expected string, received number; expected a run.json, or what --json prints',
    ],
    [
      '{"run": "x"}',
      'schema: Invalid input: expected number, received undefined; expected a run.json, or what --json prints',
    ],
  ])('refuses %s', (text, why) => {
    expect(() => readRunDocument(text, 'a/run.json')).toThrow(
      new FormatError(`Cannot read run document a/run.json: ${why}`),
    );
  });
});
