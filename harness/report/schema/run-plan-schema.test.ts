// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError, UnsupportedFormatError } from '../../errors.ts';
import { plan } from '../../matrix/testing/source-run-builder.ts';
import { planFileDocument } from '../plan-report.ts';
import { parseDocument } from '../testing/documents.ts';
import { readRunPlan } from './run-plan-schema.ts';

const SOUND = planFileDocument(plan({ shard: '2/3', limit: 3600 }));

describe('readRunPlan', () => {
  it('reads what a run writes', () => {
    const text = JSON.stringify(SOUND);
    expect(readRunPlan(text, 'plan.json')).toEqual(parseDocument('run-plan', text));
  });

  it('takes what a newer sub1m added', () => {
    expect(readRunPlan(JSON.stringify({ ...SOUND, later: 1 }), 'plan.json')).toEqual(SOUND);
  });

  const advice = 'expected the plan.json of a run; without one, its cells alone count';
  it.each([
    [
      { shard: '0/3' },
      'shard: Invalid string: must match pattern /^[1-9]\\d{0,5}\\/[1-9]\\d{0,5}$/',
    ],
    [{ chosen: 'all' }, 'chosen: Invalid input: expected array, received string'],
    [
      { planned: ['x'.repeat(256)] },
      'planned.0: Too big: expected string to have <=255 characters',
    ],
  ])('refuses %j', (words, why) => {
    expect(() => readRunPlan(JSON.stringify({ ...SOUND, ...words }), 'a/plan.json')).toThrow(
      new FormatError(`Cannot read plan a/plan.json: ${why}; ${advice}`),
    );
  });

  it.each([
    [{ schema: 2, sub1m: { version: '0.3.0' } }, 'sub1m 0.3.0, which wrote it, reads it'],
    [{ schema: 2 }, 'a newer sub1m wrote it'],
  ])('refuses a newer one, and says who reads it: %j', (document, who) => {
    expect(() => readRunPlan(JSON.stringify(document), 'plan.json')).toThrow(
      new UnsupportedFormatError(`Cannot read plan plan.json: expected schema 1, found 2; ${who}`),
    );
  });
});
