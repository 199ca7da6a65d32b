// SPDX-License-Identifier: MIT
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DOCUMENT_NAMES, jsonSchema, schemaPath, violations } from '../testing/documents.ts';

const TESTDATA = join(import.meta.dirname, '../../testdata');

describe('the JSON Schemas under results/', () => {
  it.each(DOCUMENT_NAMES)('say what sub1m makes: %s', async (name) => {
    const text = `${JSON.stringify(jsonSchema(name), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(schemaPath(name));
  });

  it.each(DOCUMENT_NAMES)('stand in results/README.md with their version: %s', (name) => {
    const readme = readFileSync(join(schemaPath(name), '../README.md'), 'utf8');
    const { $id } = jsonSchema(name);
    expect(readme).toContain(`| ${$id.split(':').at(-1)} | \`${name}.schema.json\` |`);
  });

  const cells = readdirSync(TESTDATA, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('cell.json'),
  );
  it.each(cells)('take the record of a cell that ran: %s', (path) => {
    const record: unknown = JSON.parse(readFileSync(join(TESTDATA, path), 'utf8'));
    expect(violations('cell', record)).toEqual([]);
  });

  it('refuse a document that is not one, and say where', () => {
    const cell = { id: 'x', pages: [] };
    const document = { schema: 1, run: 'x', summary: { match: 1 }, cells: [cell] };
    expect(violations('run', document)).toEqual(
      expect.arrayContaining([
        '/schema: must be equal to constant',
        "/summary: must have required property 'mismatch'",
        "/cells/0: must have required property 'verdict'",
        '/cells/0/pages: must NOT have fewer than 256 items',
      ]),
    );
  });

  it('take a field that came later', () => {
    const summary = { match: 0, mismatch: 0, unjudged: 0, known: 0, later: 0 };
    expect(violations('run', { schema: 2, run: 'x', summary, cells: [], later: [] })).toEqual([]);
  });
});
