// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { jobRuns } from './job-runs.ts';
import { type Workflow, parseWorkflow } from './workflow-files.ts';

function workflowWith(jobs: Readonly<Record<string, string>>): Workflow {
  const texts = Object.entries(jobs).map(([id, more]) => `  ${id}: {runs-on: x, steps: []${more}}`);
  return parseWorkflow(`name: a\non: push\njobs:\n${texts.join('\n')}\n`);
}

it('runs a job behind those that it needs, once for each value of its matrix', () => {
  const runs = jobRuns(
    workflowWith({
      merge: ', needs: cells',
      cells: ', needs: [history], strategy: {matrix: {shard: [1, 2], cpu: [a]}}',
      history: '',
    }),
  );
  expect(runs.map(({ name }) => name)).toEqual(['history', 'cells-1-a', 'cells-2-a', 'merge']);
  expect(runs[2]).toEqual({
    job: 'cells',
    name: 'cells-2-a',
    matrix: { shard: '2', cpu: 'a' },
    index: 1,
    total: 2,
  });
});

it.each([
  ['each other', { a: ', needs: b', b: ', needs: a' }],
  ['what is not there', { a: ', needs: c' }],
])('refuses jobs that need %s', (_, jobs) => {
  expect(() => jobRuns(workflowWith(jobs))).toThrow('jobs need each other');
});
