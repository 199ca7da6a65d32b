// SPDX-License-Identifier: MIT
import { generateCase } from '../fuzz/generate-case.ts';
import { parseJournal } from '../fuzz/journal.ts';

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

/** The parser of a fuzzer's journal, as a row of `TEXT_PARSERS`. */
export const JOURNAL_PARSER = {
  name: 'the journal of the fuzzer',
  parse: (text: string): unknown => parseJournal(text, 'journal.jsonl'),
  seeds: [FUZZ_JOURNAL],
  units: ['{"kind":', '[', FUZZ_JOURNAL],
  oneIn: 4,
};
