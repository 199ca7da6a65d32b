// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { FuzzReport } from '../report/fuzz-report.ts';
import type { Finding } from '../fuzz/journal.ts';
import { silentLog } from '../log.ts';
import { fuzzEnd } from './commands/fuzz.ts';
import { readEnvironment } from './environment.ts';
import { buildProgram } from './program.ts';

const { signal } = new AbortController();
const context = { environment: readEnvironment({}), signal, log: silentLog, exit: () => {} };

async function refusal(...args: string[]): Promise<unknown> {
  const program = await buildProgram(context, 'fuzz');
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeErr: () => {} });
  }
  return program.parseAsync(['fuzz', ...args], { from: 'user' }).then(
    () => null,
    (error: unknown) => error,
  );
}

describe('sub1m fuzz refuses', () => {
  it.each([
    { args: [], says: "required option '--kernel <ref,…>' not specified" },
    { args: ['--kernel', 'a,,b'], says: 'Expected kernels with commas between them.' },
    { args: ['--kernel', 'a', '--cases', '0'], says: 'Expected a number above 0.' },
    { args: ['--kernel', 'a', '--cases', '1.5'], says: 'Expected a number above 0.' },
    { args: ['--kernel', 'a', '--minutes', 'x'], says: 'Expected a number above 0.' },
    {
      args: ['--kernel', 'a', '--seed', '-1'],
      says: 'Expected a whole number from 0 to 4294967295',
    },
    { args: ['--kernel', 'a', '--seed', '4294967296'], says: 'Expected a whole number' },
    { args: ['--kernel', 'a', '--ovmf', 'a,,b'], says: 'Expected firmwares with commas between' },
    { args: ['--kernel', 'a', '--crash', '-1'], says: 'Expected a whole number from 0.' },
    { args: ['--kernel', 'a', '--policy', 'x'], says: 'Allowed choices are auto, ' },
    { args: ['--kernel', 'a', '--known', '/no/file'], says: 'Cannot read known defects /no/file' },
  ])('$args', async ({ args, says }) => {
    const error = await refusal(...args);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toContain(says);
  });
});

it.each([
  { findings: 0, judged: 1, untold: 1, end: 'done' },
  { findings: 0, judged: 10, untold: 10, end: 'done' },
  { findings: 0, judged: 10, untold: 11, end: 'unjudged' },
  { findings: 1, judged: 10, untold: 11, end: 'broken' },
])('ends with $findings found, $judged judged, $untold not: $end', ({ end, ...counts }) => {
  const report: Pick<FuzzReport, 'findings' | 'judged' | 'unjudged'> = {
    findings: Array.from({ length: counts.findings }, () => ({}) as Finding),
    judged: counts.judged,
    unjudged: new Map([
      ['one', counts.untold - 1],
      ['two', 1],
    ]),
  };
  expect(fuzzEnd(report)).toBe(end);
});
