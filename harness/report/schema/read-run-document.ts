// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { FormatError } from '../../errors.ts';
import { parseJsonFile } from '../../json-file.ts';
import { DOCUMENT_VERSIONS, type Frozen } from './document.ts';
import { cellDocumentSchema, runDocumentSchema } from './run-schema.ts';
import { invariantOutcomeSchema } from './verdict-schema.ts';

const cell = cellDocumentSchema.shape;
const { base, changes, summary } = runDocumentSchema.shape;
const change = changes.unwrap().element;

/** The first documents had no known defects and no seeded faults. */
const cellSchema1 = cellDocumentSchema.extend({
  fault: cell.fault.default(null),
  invariants: z.array(
    cell.invariants.element.extend({ known: cell.invariants.element.shape.known.default(null) }),
  ),
});

/** Changes already had the words of schema 2, one of them spelled differently. */
const outcomeSchema1 = z.preprocess(
  (word) => (word === 'not asked' ? 'not-asked' : word),
  invariantOutcomeSchema,
);

const changeSchema1 = change.extend({
  invariants: z.array(
    change.shape.invariants.element.extend({ from: outcomeSchema1, to: outcomeSchema1 }),
  ),
});

/** In it `unseen` is also what `not-asked` has been since. */
const runDocumentSchema1 = runDocumentSchema.extend({
  schema: z.literal(1),
  summary: summary.extend({ known: summary.shape.known.default(0) }),
  cells: z.array(cellSchema1),
  base: base
    .unwrap()
    .extend({ cells: z.array(cellSchema1) })
    .exactOptional(),
  changes: z.array(changeSchema1).exactOptional(),
});

const anyRunDocumentSchema = z.discriminatedUnion('schema', [
  runDocumentSchema1,
  runDocumentSchema,
]);

/** A run that this sub1m or an older one wrote. With `schema` 1, `unseen` may mean `not-asked`. */
export type AnyRunDocument = Frozen<z.infer<typeof anyRunDocumentSchema>>;

const KIND = { name: 'run document', advice: 'expected a run.json, or what --json prints' };

/**
 * Takes the text of a run document of this sub1m or an older one. Throws `FormatError` naming the field at fault, or
 * the version of one that is newer.
 */
export function readRunDocument(text: string, path = 'run.json'): AnyRunDocument {
  const versionSchema = z.looseObject({ schema: z.int().positive() });
  const { schema } = parseJsonFile(text, path, { ...KIND, schema: versionSchema });
  if (schema > DOCUMENT_VERSIONS.run) {
    throw new FormatError(
      `Cannot read run document ${path}: expected schema 1 or 2, found ${schema}; a newer sub1m wrote it`,
    );
  }
  return parseJsonFile(text, path, { ...KIND, schema: anyRunDocumentSchema });
}
