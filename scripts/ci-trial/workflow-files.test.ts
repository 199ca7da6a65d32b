// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { inputsOf, parseAction, parseWorkflow } from './workflow-files.ts';

const WORKFLOW = `name: a
on: push
jobs:
  cells:
    runs-on: ubuntu-24.04
    steps:
      - uses: owner/sub1m@v1
        with: {limit: 60min}
`;

const ACTION = `name: cells
description: d
inputs:
  limit: {description: d, default: 5min}
  matrix: {description: d, required: true}
runs: {using: composite, steps: [{run: 'true', shell: bash}]}
`;

describe('parseWorkflow', () => {
  it('changes values, and adds some', () => {
    const { jobs } = parseWorkflow(WORKFLOW, [
      'jobs.cells.steps.0.with.limit=5min',
      'jobs.cells.steps.0.with.shard="1/2=x"',
    ]);
    expect(jobs['cells']?.steps[0]?.with).toEqual({ limit: '5min', shard: '1/2=x' });
  });

  it('refuses a change that has no place', () => {
    expect(() => parseWorkflow(WORKFLOW, ['jobs.none.steps=1'])).toThrow(
      'the workflow has no place for jobs.none.steps',
    );
  });

  it.each([
    ['with: {limit: 60min}', 'continue-on-error: true', 'continue-on-error'],
    ['uses: owner/sub1m@v1', 'name: x', 'expected uses or run'],
    ['steps:', 'strategy: {matrix: {include: 1}}\n    steps:', 'include'],
  ])('refuses for %j what a trial does not know: %j', (from, to, message) => {
    expect(() => parseWorkflow(WORKFLOW.replace(from, to))).toThrow(message);
  });
});

describe('inputsOf', () => {
  const action = parseAction(ACTION);

  it('takes what is given, and the defaults', () => {
    expect(inputsOf(action, { matrix: 'nightly' })).toEqual({ limit: '5min', matrix: 'nightly' });
  });

  it.each([
    [{}, 'cells needs the input matrix'],
    [{ matrix: 'a', shards: '3' }, 'cells has no input shards'],
  ])('refuses %j', (given, message) => {
    expect(() => inputsOf(action, given)).toThrow(message);
  });
});
