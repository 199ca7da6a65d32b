// SPDX-License-Identifier: MIT
import { generateCase } from '../fuzz/generate-case.ts';
import { z } from 'zod';
import { parseJournal as parseFuzzJournal } from '../fuzz/journal.ts';
import { parseJsonFile } from '../json-file.ts';
import { parseSent, payloadSchema, resultSchema } from '../queue/payload.ts';
import { BUNDLE, askedCells } from '../queue/testing/asked-cells.ts';
import { parseJournal } from '../runner/journal.ts';
import { JOURNAL_TEXT } from './parser-seeds.ts';

/** A case and a finding. */
const FUZZ_JOURNAL = [
  { kind: 'case', run: 'x', seed: 1, nr: 0, outcomes: [{ predicted: 'boots', outcome: 'match' }] },
  {
    kind: 'finding',
    class: 'lowmem.locked',
    kernel: 'debian:6.12',
    policy: 'auto',
    case: generateCase(1, 1),
    why: 'seen',
    predicted: 'boots',
    seed: 1,
    nr: 1,
    state: 'minimal',
    boots: 1,
    others: [],
  },
]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('');

/** A document of which nothing is known. */
const ANY_JSON = { name: 'JSON', schema: z.unknown(), advice: 'give another' };

/** Parsers of what runs, queues and the fuzzer write, as rows of `TEXT_PARSERS`. */
export const RUN_PARSERS = [
  {
    name: 'the journal of the fuzzer',
    parse: (text: string): unknown => parseFuzzJournal(text, 'journal.jsonl'),
    seeds: [FUZZ_JOURNAL],
    units: ['{"kind":', '[', FUZZ_JOURNAL],
    oneIn: 4,
  },
  {
    name: 'a journal',
    parse: (text: string): unknown => parseJournal(text, 'x'),
    seeds: [JOURNAL_TEXT],
    units: ['{"kind":"begin","at":1,"pid":1}\n', '{"a":', '['],
  },
  {
    name: 'a cell of a queue',
    parse: (text: string): unknown =>
      parseSent(parseJsonFile(text, 'x', ANY_JSON), payloadSchema, 'a cell of the queue'),
    seeds: [JSON.stringify(askedCells(1)[0]?.payload)],
    units: ['{"schema":1,', '['],
  },
  {
    name: 'the answer of a worker',
    parse: (text: string): unknown =>
      parseSent(parseJsonFile(text, 'x', ANY_JSON), resultSchema, 'an answer'),
    seeds: [JSON.stringify({ ...BUNDLE, worker: 'w' })],
    units: ['{"kind":"bundle",', '['],
  },
];
