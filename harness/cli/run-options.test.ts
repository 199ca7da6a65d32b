// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HISTORY } from '../runner/results-folder.ts';
import { runSettings } from './run-options.ts';

describe('runSettings()', () => {
  it.each([
    { given: {}, history: HISTORY },
    // What is not under results/ is noted only if that is asked for.
    { given: { results: '/x' }, history: undefined },
    { given: { results: '/x', history: 'h.jsonl' }, history: resolve('h.jsonl') },
    { given: { history: '/h.jsonl' }, history: '/h.jsonl' },
    { given: { history: 'none' }, history: undefined },
    { given: { history: './none' }, history: resolve('none') },
  ])('notes a run with $given in $history', ({ given, history }) => {
    const options = { reporter: [], budget: 1, ...given };
    expect(runSettings(options).history).toBe(history);
  });
});
