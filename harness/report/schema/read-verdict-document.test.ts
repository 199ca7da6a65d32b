// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../project-root.ts';
import { brokenCell } from '../testing/run-builder.ts';
import { verdictDocument } from '../verdict-document.ts';
import { readVerdictDocument } from './read-verdict-document.ts';

describe('readVerdictDocument()', () => {
  it('reads what this sub1m writes', () => {
    const document = verdictDocument(brokenCell().judgement);
    const { sub1m, policy, verdict, schema } = document;
    expect(readVerdictDocument(JSON.stringify(document), 'v')).toMatchObject({
      schema,
      sub1m,
      policy,
      verdict,
    });
  });

  it('reads one of schema 1', () => {
    const path = projectPath('harness/testdata/old-bundles/5.10-locked/verdict.json');
    const { schema, fault, verdict } = readVerdictDocument(readFileSync(path, 'utf8'), path);
    expect({ schema, fault, verdict }).toEqual({
      schema: 1,
      fault: null,
      verdict: { kind: 'mismatch', broken: ['lowmem.locked'] },
    });
  });

  it.each([
    { text: '{"schema":3}', says: 'expected schema 1 or 2, found 3; a newer sub1m wrote it' },
    { text: '{"schema":2', says: 'not JSON' },
    { text: '{"schema":2,"policy":7}', says: 'policy: ' },
    { text: '{"schema":2,"policy":null,"invariants":[{"id":"x","outcome":"y"}]}', says: 'outcome' },
  ])('refuses $text', ({ text, says }) => {
    expect(() => readVerdictDocument(text, 'v')).toThrow(says);
  });
});
