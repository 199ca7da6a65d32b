// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { kcidbSchema } from '../kcidb-schema.ts';

/**
 * The JSON Schema of KCIDB 5.3, which is not ours to keep: `KCIDB_SCHEMA` names the file where it is at hand
 * (`kcidb-schema` of kcidb prints it).
 */
const FILE = process.env['KCIDB_SCHEMA'];

/** ajv has none of its own. */
const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': (text) => /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(text),
  email: (text) => /^[^@\s]+@[^@\s]+$/.test(text),
  uri: (text) => URL.canParse(text),
};

const validate =
  FILE === undefined
    ? undefined
    : new Ajv2020({ allErrors: true, formats: FORMATS }).compile(
        JSON.parse(readFileSync(FILE, 'utf8')) as object,
      );

/** What is wrong with a document, by our rules and, where it is at hand, by the database's own schema. */
export function kcidbViolations(document: unknown): string[] {
  const ours = kcidbSchema.safeParse(document).error?.issues ?? [];
  const theirs = validate?.(document) === false ? (validate.errors ?? []) : [];
  return [
    ...ours.map(({ path, message }) => `${path.join('/')}: ${message}`),
    ...theirs.map(({ instancePath, message }) => `${instancePath}: ${message}`),
  ];
}
