// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HISTORY } from '../runner/results-folder.ts';
import { Command } from 'commander';
import { addRunOptions, runSettings } from './run-options.ts';

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

describe('--keep', () => {
  function parsed(...args: string[]): unknown {
    const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
    addRunOptions(command);
    return command.parse(args, { from: 'user' }).opts()['keep'];
  }

  it.each([
    { args: [], keep: undefined },
    { args: ['--keep', 'broken'], keep: ['broken'] },
    { args: ['--keep', 'none,memory'], keep: ['none', 'memory'] },
    {
      args: ['--keep', 'memory', '--keep', 'broken', '--keep', 'broken'],
      keep: ['memory', 'broken'],
    },
  ])('is $keep for $args', ({ args, keep }) => {
    expect(parsed(...args)).toEqual(keep);
  });

  it.each([
    { args: ['--keep', 'some'], says: 'Allowed choices are all, broken, none, memory.' },
    {
      args: ['--keep', 'all,none'],
      says: 'Expected one of all, broken, none, found all and none.',
    },
  ])('refuses $args', ({ args, says }) => {
    expect(() => parsed(...args)).toThrow(says);
  });
});
