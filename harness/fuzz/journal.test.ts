// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { generateCase } from './generate-case.ts';
import { type Finding, type JournalLine, parseJournal } from './journal.ts';

const RAN: JournalLine = {
  kind: 'case',
  run: 'these',
  seed: 1,
  nr: 3,
  outcomes: [{ predicted: 'boots', outcome: 'match' }],
};
const FINDING: Finding = {
  kind: 'finding',
  class: 'lowmem.locked',
  kernel: 'debian:6.12',
  policy: 'auto',
  case: generateCase(1, 3),
  why: 'seen',
  predicted: 'boots',
  seed: 1,
  nr: 3,
  state: 'smaller',
  boots: 1,
  others: [],
};

const REACHED: JournalLine = {
  kind: 'reached',
  image: 'a'.repeat(64),
  case: FINDING.case,
  branches: ['mm/memblock.c:7 add 1'],
};

const text = (lines: readonly unknown[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('');

it('reads what was written, the newest of each finding', () => {
  const newer = { ...FINDING, state: 'minimal' } as const;
  const other = { ...FINDING, kernel: 'debian:6.1' };
  const journal = parseJournal(text([RAN, FINDING, other, REACHED, newer]), 'journal.jsonl');
  expect(journal).toEqual({
    cases: [RAN],
    findings: [newer, other],
    reached: [REACHED],
  });
  expect(parseJournal('', 'journal.jsonl')).toEqual({
    cases: [],
    findings: [],
    reached: [],
  });
});

it('reads a finding from before there were crashes', () => {
  const { memoryMiB, ovmf, crash, ...old } = FINDING.case;
  const { findings } = parseJournal(text([{ ...FINDING, case: old }]), 'journal.jsonl');
  expect(findings[0]?.case).toEqual({ ...old, memoryMiB: 1024, ovmf: 'host', crash: null });
  expect({ memoryMiB, ovmf, crash }).toEqual({ memoryMiB: 1024, ovmf: 'host', crash: null });
});

it.each([0, 1, 20])('does not count a last line without its last %d characters', (cut) => {
  const whole = text([RAN, FINDING]);
  const { cases, findings } = parseJournal(whole.slice(0, whole.length - 1 - cut), 'journal.jsonl');
  expect(cases).toEqual([RAN]);
  expect(findings).toEqual([]);
});

it.each<{ what: string; lines: string; says: string }>([
  { what: 'no JSON', lines: 'x\n', says: 'line 1: not JSON' },
  { what: 'another kind', lines: text([RAN, { kind: 'x' }]), says: 'line 2: kind: Invalid' },
  {
    what: 'a type that no firmware has',
    lines: text([{ ...FINDING, case: { ...FINDING.case, pieces: [{ type: 'x', pages: 1 }] } }]),
    says: 'line 1: case.pieces.0.type: Invalid',
  },
  {
    what: 'two words in one',
    lines: text([{ ...FINDING, case: { ...FINDING.case, append: ['a b'] } }]),
    says: 'line 1: case.append.0: expected one word',
  },
  {
    what: 'more pages than there are',
    lines: text([{ ...FINDING, case: { ...FINDING.case, pieces: [{ type: null, pages: 257 }] } }]),
    says: 'line 1: case.pieces.0.pages: Too big',
  },
])('refuses $what', ({ lines, says }) => {
  const parse = (): unknown => parseJournal(lines, 'journal.jsonl');
  expect(parse).toThrow(FormatError);
  expect(parse).toThrow(`Cannot read the journal of the fuzzer journal.jsonl, ${says}`);
});
