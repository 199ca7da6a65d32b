// SPDX-License-Identifier: MIT
/** The public documents and their JSON Schemas under `results/`, for tests. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { z } from 'zod';
import { SCHEMA_VERSION, cellRecordSchema } from '../../bundle/cell-record.ts';
import { HISTORY_VERSION, historyLineSchema } from '../../history/history-line.ts';
import { bisectDocumentSchema } from '../schema/bisect-schema.ts';
import { DOCUMENT_VERSIONS, type Frozen } from '../schema/document.ts';
import { explainDocumentSchema } from '../schema/explain-schema.ts';
import { fuzzDocumentSchema } from '../schema/fuzz-schema.ts';
import { historyDocumentSchema } from '../schema/history-schema.ts';
import {
  cacheDocumentSchema,
  doctorDocumentSchema,
  kernelsDocumentSchema,
} from '../schema/host-schema.ts';
import { corpusDocumentSchema, modelDocumentSchema } from '../schema/model-schema.ts';
import { planDocumentSchema } from '../schema/plan-schema.ts';
import { queueDocumentSchema } from '../schema/queue-schema.ts';
import { runPlanSchema } from '../schema/run-plan-schema.ts';
import { runDocumentSchema } from '../schema/run-schema.ts';
import { seriesDocumentSchema } from '../schema/series-schema.ts';
import { verdictChangesDocumentSchema } from '../schema/verdict-changes-schema.ts';
import { verdictDocumentSchema } from '../schema/verdict-schema.ts';

const SCHEMAS = {
  run: runDocumentSchema,
  cell: cellRecordSchema,
  verdict: verdictDocumentSchema,
  series: seriesDocumentSchema,
  bisect: bisectDocumentSchema,
  fuzz: fuzzDocumentSchema,
  model: modelDocumentSchema,
  corpus: corpusDocumentSchema,
  explain: explainDocumentSchema,
  doctor: doctorDocumentSchema,
  kernels: kernelsDocumentSchema,
  cache: cacheDocumentSchema,
  queue: queueDocumentSchema,
  history: historyDocumentSchema,
  'history-line': historyLineSchema,
  plan: planDocumentSchema,
  'run-plan': runPlanSchema,
  'verdict-changes': verdictChangesDocumentSchema,
} as const;

type DocumentName = keyof typeof SCHEMAS;

const VERSIONS = { ...DOCUMENT_VERSIONS, cell: SCHEMA_VERSION, 'history-line': HISTORY_VERSION };

const TITLES: Readonly<Record<DocumentName, string>> = {
  run: 'run.json, and what run, check and judge print with --json',
  cell: 'cell.json: what was asked of a cell, what it ran on, how it ended',
  verdict: 'verdict.json: what one cell says about its kernel',
  series: 'What check --series prints with --json',
  bisect: 'What bisect prints with --json',
  fuzz: 'What fuzz prints with --json',
  model: 'What model prints with --json of one machine',
  corpus: 'What model --corpus prints with --json',
  explain: 'What explain prints with --json',
  doctor: 'What doctor prints with --json',
  kernels: 'What kernels prints with --json',
  cache: 'What cache prints with --json',
  queue: 'What queue prints with --json',
  history: 'What history prints with --json',
  'history-line': 'A line of history.jsonl: one cell of one run',
  plan: 'what run prints with --dry-run --json',
  'run-plan': 'plan.json: what a run was about to do when it began',
  'verdict-changes': 'What judge prints with --json of several runs, and with --changes',
};

export const DOCUMENT_NAMES = Object.keys(SCHEMAS) as DocumentName[];

/** Where the JSON Schema of a document is kept. */
export function schemaPath(name: DocumentName): string {
  return join(import.meta.dirname, `../../../results/${name}.schema.json`);
}

/**
 * The JSON Schema of a document (draft 2020-12). It takes fields that it does not know: those of a newer sub1m that
 * keeps the number.
 */
export function jsonSchema(
  name: DocumentName,
): Readonly<Record<string, unknown>> & { readonly $id: string } {
  const { $schema, ...schema } = z.toJSONSchema(SCHEMAS[name], { io: 'input' });
  const $id = `urn:sub1m:schema:${name}:${VERSIONS[name]}`;
  return { $schema, $id, title: TITLES[name], ...schema };
}

/** Whether a document is what the JSON Schema under `results/` says, by a validator that is not ours. */
export function violations(name: DocumentName, document: unknown): string[] {
  const validate = validators.get(name) ?? validatorOf(name);
  validators.set(name, validate);
  validate(document);
  return (validate.errors ?? []).map((error) => `${error.instancePath}: ${error.message}`);
}

const validators = new Map<DocumentName, ValidateFunction>();

function validatorOf(name: DocumentName): ValidateFunction {
  const schema = JSON.parse(readFileSync(schemaPath(name), 'utf8')) as object;
  return new Ajv2020({ allErrors: true }).compile(schema);
}

/** Takes the text of a document that sub1m made: it must have every field of its schema, and no other. */
export function parseDocument<Name extends DocumentName>(
  name: Name,
  text: string,
): Frozen<z.infer<(typeof SCHEMAS)[Name]>> {
  const document: unknown = JSON.parse(text);
  const parsed = SCHEMAS[name].parse(document);
  expect(parsed).toEqual(document);
  expect(violations(name, document)).toEqual([]);
  return parsed as Frozen<z.infer<(typeof SCHEMAS)[Name]>>;
}
