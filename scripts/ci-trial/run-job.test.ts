// SPDX-License-Identifier: MIT
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TempDir, makeTempDir } from '../../harness/process/temp-dir.ts';
import type { JobStatus } from './expressions.ts';
import { runJob } from './run-job.ts';
import { parseWorkflow } from './workflow-files.ts';

const RUN = { job: 'a', name: 'a-2', matrix: { shard: '2' }, index: 1, total: 3 };

const ACTION = `name: own
description: d
inputs: {text: {description: d, default: usual}}
outputs: {end: {description: d, value: '\${{ steps.one.outputs.end }}'}}
runs:
  using: composite
  steps:
    - id: one
      shell: bash
      env: {TEXT: '\${{ inputs.text }}'}
      run: |
        printf '%s' "$TEXT" >"$GITHUB_WORKSPACE/text"
        echo end=1 >>"$GITHUB_OUTPUT"
        test -e "$GITHUB_ACTION_PATH/action.yml"
        exit 3
    - if: always()
      shell: bash
      run: touch later
`;

let temp: TempDir;
let said: string[] = [];

beforeEach(async () => {
  temp = await makeTempDir();
  said = [];
});

afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

/** Runs a job of these steps. */
function runSteps(steps: string): Promise<JobStatus> {
  const { jobs } = parseWorkflow(
    `name: w\non: push\njobs:\n  a:\n    runs-on: x\n    steps:\n${steps}`,
  );
  const { a } = jobs;
  if (!a) throw new Error('expected a job');
  return runJob(a, RUN, {
    store: temp.path,
    async checkOut(to) {
      await mkdir(to, { recursive: true });
      await writeFile(join(to, 'action.yml'), ACTION);
    },
    github: { run_id: '7' },
    vars: {},
    env: { PATH: process.env['PATH'] ?? '' },
    say(line) {
      said.push(line.replace(/ \(.* s\)/, ''));
    },
  });
}

const inWorkspace = (name: string): Promise<string> =>
  readFile(join(temp.path, 'jobs/a-2/workspace', name), 'utf8');

describe('runJob', () => {
  it('hands on outputs, environment and summary', async () => {
    const status = await runSteps(`
      - id: one
        run: |
          echo x=1 >>"$GITHUB_OUTPUT"
          echo Y=2 >>"$GITHUB_ENV"
          echo '# Title' >>"$GITHUB_STEP_SUMMARY"
      - env: {X: '\${{ steps.one.outputs.x }}', N: '\${{ matrix.shard }}/\${{ strategy.job-total }}'}
        run: echo "$X $Y $N $CI" >got
`);
    expect(status).toBe('success');
    expect(await inWorkspace('got')).toBe('1 2 2/3 true\n');
    expect(await readFile(join(temp.path, 'summary.md'), 'utf8')).toBe('# Title\n');
  });

  it('runs after a failure only what asks for it', async () => {
    const status = await runSteps(`
      - run: exit 69
      - run: touch no
      - if: \${{ !cancelled() }}
        run: touch yes
`);
    expect(status).toBe('failure');
    expect(said).toEqual([
      'Process completed with exit code 69.',
      'a-2 > 1 exit 69: failure',
      'a-2 > 2 touch no: skipped',
      'a-2 > 3 touch yes: success',
    ]);
  });

  it('runs an action of this repository, with inputs that are text, and takes its outputs though it fails', async () => {
    const status = await runSteps(`
      - id: own
        uses: owner/sub1m@v1
        with: {text: '"; touch hacked; $(touch hacked)'}
      - if: always()
        run: echo "$END" >end
        env: {END: '\${{ steps.own.outputs.end }}'}
`);
    expect(status).toBe('failure');
    expect(await inWorkspace('text')).toBe('"; touch hacked; $(touch hacked)');
    expect(await inWorkspace('end')).toBe('1\n');
    expect(await inWorkspace('later')).toBe('');
    await expect(inWorkspace('hacked')).rejects.toThrow('ENOENT');
  });

  it.each([
    ['actions/checkout@v5', 'no stand-in for actions/checkout@v5'],
    ['actions/cache/save@v5\n        with: {enableCrossOsArchive: true}', 'enableCrossOsArchive'],
    ['owner/sub1m@v1\n        with: {txt: x}', 'own has no input txt'],
  ])('refuses %j', async (uses, message) => {
    await expect(runSteps(`      - uses: ${uses}\n`)).rejects.toThrow(message);
  });
});
