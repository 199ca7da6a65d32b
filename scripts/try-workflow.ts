// SPDX-License-Identifier: MIT
/**
 * Runs a workflow for GitHub on this host, as it is: its `run:` steps with the environment that GitHub gives them, the
 * actions of this repository, and stand-ins for GitHub's own. scripts/try-ci.sh calls it in a bare Debian.
 *
 *   node --import tsx scripts/try-workflow.ts <workflow> --store <folder> --sub1m <repository> [--var NAME=value]… [--set path=YAML]…
 *
 * Exits with 1 if a job failed. What is stored stays: a second run finds caches and history.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { type JobStatus, holds } from './ci-trial/expressions.ts';
import { jobRuns } from './ci-trial/job-runs.ts';
import { type Trial, runJob } from './ci-trial/run-job.ts';
import { parseWorkflow } from './ci-trial/workflow-files.ts';

const more = (one: string, all: readonly string[]): readonly string[] => [...all, one];

interface Options {
  readonly store: string;
  readonly sub1m: string;
  readonly var: readonly string[];
  readonly set: readonly string[];
}

const program = new Command('scripts/try-workflow.ts')
  .argument('<workflow>')
  .requiredOption('--store <folder>', 'where artifacts, caches and jobs lie')
  .requiredOption('--sub1m <repository>', 'what owner/sub1m is cloned from')
  .option('--var <name=value>', 'a variable of the repository', more, [])
  .option('--set <path=yaml>', 'changes the workflow: jobs.cells.steps.1.with.limit=5min', more, [])
  .parse();
const { store, sub1m, var: vars, set: sets } = program.opts<Options>();
const [file = ''] = program.args;

const KEPT = ['PATH', 'LANG', 'USER', 'RUNNER_ENVIRONMENT'];

const trial: Trial = {
  store: resolve(store),
  async checkOut(to) {
    if (!existsSync(to)) await promisify(execFile)('git', ['clone', '--quiet', sub1m, to]);
  },
  github: { run_id: String(Date.now()), run_attempt: '1' },
  vars: Object.fromEntries(
    vars.map((one) => {
      const [name = '', value = ''] = one.split(/=(.*)/s);
      return [name, value];
    }),
  ),
  env: Object.fromEntries(
    KEPT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  ),
  say(line) {
    console.log(`trial: ${line}`);
  },
};

await rm(join(trial.store, 'jobs'), { recursive: true, force: true });
await rm(join(trial.store, 'artifacts'), { recursive: true, force: true });
const workflow = parseWorkflow(await readFile(file, 'utf8'), sets);
const ends = new Map<string, JobStatus>();
for (const run of jobRuns(workflow)) {
  const job = workflow.jobs[run.job];
  if (!job) continue;
  const needed = job.needs.map((one) => ends.get(one));
  const before = needed.every((one) => one === 'success') ? 'success' : 'failure';
  if (!holds(job.if, before, { vars: trial.vars })) {
    trial.say(`${run.name}: skipped`);
    continue;
  }
  const status = await runJob(job, run, trial);
  trial.say(`${run.name}: ${status}`);
  if (status === 'failure' || !ends.has(run.job)) ends.set(run.job, status);
}
process.exitCode = [...ends.values()].includes('failure') ? 1 : 0;
