// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Contexts, type JobStatus, type Value, fill, holds } from './expressions.ts';
import type { JobRun } from './job-runs.ts';
import { type Place, STAND_INS } from './stand-ins.ts';
import { parseStepFile } from './step-files.ts';
import { type Job, type Step, inputsOf, parseAction } from './workflow-files.ts';

/** What a trial of a workflow is given. */
export interface Trial {
  /** Gets `artifacts/`, `caches/`, and a folder for each run of a job. */
  readonly store: string;
  /** A checkout of sub1m for a job that uses it: its folder. */
  checkOut(to: string): Promise<void>;
  readonly github: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>>;
  /** Of every step. */
  readonly env: Readonly<Record<string, string>>;
  say(line: string): void;
}

type Strings = Readonly<Record<string, string>>;

/** What a step, or the steps of an action, came to. */
interface Outcome {
  readonly status: JobStatus;
  readonly outputs: Strings;
}

interface Scope {
  readonly trial: Trial;
  readonly place: Place & { readonly temp: string; readonly checkout: string };
  readonly contexts: Contexts;
  /** What steps leave to later ones through GITHUB_ENV belongs here, too. */
  readonly env: Record<string, string>;
  /** The names of the steps around this one. */
  readonly path: readonly string[];
}

const OWN_ACTION = /^[\w.-]+\/sub1m(?<folder>\/[\w./-]+)?@[\w./-]+$/;

/** Runs a job as GitHub's runner does: in a workspace and a home of its own. */
export async function runJob(job: Job, run: JobRun, trial: Trial): Promise<JobStatus> {
  const at = (name: string): string => join(trial.store, 'jobs', run.name, name);
  const place = {
    store: trial.store,
    workspace: at('workspace'),
    temp: at('temp'),
    checkout: at('action'),
  };
  for (const folder of [place.workspace, place.temp, at('home')]) {
    await mkdir(folder, { recursive: true });
  }
  const contexts = {
    github: { ...trial.github, workspace: place.workspace },
    runner: { temp: place.temp, os: 'Linux' },
    vars: trial.vars,
    matrix: run.matrix,
    strategy: { 'job-index': run.index, 'job-total': run.total },
  };
  const env = {
    ...trial.env,
    HOME: at('home'),
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: place.workspace,
    RUNNER_TEMP: place.temp,
    RUNNER_OS: 'Linux',
    ...filled(job.env, contexts),
  };
  const scope = { trial, place, contexts, env, path: [run.name] };
  return (await runSteps(job.steps, scope)).status;
}

/** Runs steps one after the other; what fails leaves only those that ask for it. */
async function runSteps(
  steps: readonly Step[],
  scope: Scope,
): Promise<{ readonly status: JobStatus; readonly contexts: Contexts }> {
  const done: Record<string, Value> = {};
  let status: JobStatus = 'success';
  for (const [index, step] of steps.entries()) {
    const contexts = { ...scope.contexts, env: scope.env, steps: done };
    const name = step.name ?? step.uses ?? step.run ?? '';
    const path = [...scope.path, `${index + 1} ${name.split('\n')[0]}`];
    if (!holds(step.if, status, contexts)) {
      scope.trial.say(`${path.join(' > ')}: skipped`);
      continue;
    }
    const started = performance.now();
    const outcome = await runStep(step, { ...scope, contexts, path });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    scope.trial.say(`${path.join(' > ')}: ${outcome.status} (${seconds} s)`);
    if (step.id !== undefined)
      done[step.id] = { outputs: outcome.outputs, outcome: outcome.status };
    if (outcome.status === 'failure') status = 'failure';
  }
  return { status, contexts: { ...scope.contexts, steps: done } };
}

async function runStep(step: Step, scope: Scope): Promise<Outcome> {
  if (step.run !== undefined) return runScript(step, scope);
  const uses = step.uses ?? '';
  const given = filled(step.with, scope.contexts);
  const own = OWN_ACTION.exec(uses);
  if (own) return useAction(own.groups?.['folder'] ?? '', given, scope);
  const standIn = STAND_INS[uses];
  const strange = Object.keys(given).filter((one) => !standIn?.inputs.includes(one));
  if (!standIn || strange.length > 0) {
    throw new Error(`no stand-in for ${uses} ${strange.join(', ')}`);
  }
  try {
    return { status: 'success', outputs: await standIn.act(given, scope.place) };
  } catch (error) {
    scope.trial.say(`${uses}: ${String(error)}`);
    return { status: 'failure', outputs: {} };
  }
}

/** Steps of a composite action see its inputs, not the workflow's contexts of jobs. */
async function useAction(folder: string, given: Strings, scope: Scope): Promise<Outcome> {
  const { trial, place } = scope;
  await trial.checkOut(place.checkout);
  const actionPath = join(place.checkout, folder);
  const action = parseAction(await readFile(join(actionPath, 'action.yml'), 'utf8'));
  const { github, runner } = scope.contexts;
  const inside = { github: github ?? null, runner: runner ?? null };
  const end = await runSteps(action.runs.steps, {
    ...scope,
    contexts: { ...inside, inputs: inputsOf(action, given) },
    env: { ...scope.env, GITHUB_ACTION_PATH: actionPath },
  });
  const outputs = Object.entries(action.outputs).map(
    ([id, { value }]) => [id, fill(value, end.contexts)] as const,
  );
  return { status: end.status, outputs: Object.fromEntries(outputs) };
}

/** Runs a script with the environment and the files that GitHub gives it, and takes what it wrote there. */
async function runScript(step: Step, scope: Scope): Promise<Outcome> {
  const { place, contexts, trial } = scope;
  const folder = join(place.temp, '_runner_file_commands');
  await mkdir(folder, { recursive: true });
  const files = Object.fromEntries(
    ['OUTPUT', 'ENV', 'STEP_SUMMARY'].map((one) => [`GITHUB_${one}`, join(folder, one)]),
  );
  for (const file of Object.values(files)) await writeFile(file, '');
  const script = join(place.temp, 'step.sh');
  await writeFile(script, fill(step.run ?? '', contexts));
  const shell = step.shell === 'bash' ? ['--noprofile', '--norc', '-eo', 'pipefail'] : ['-e'];
  const child = spawn('bash', [...shell, script], {
    cwd: place.workspace,
    env: { ...scope.env, ...files, ...filled(step.env, contexts) },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) trial.say(`Process completed with exit code ${status ?? 'none'}.`);
  const written = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  Object.assign(scope.env, parseStepFile(await written('ENV')));
  await appendFile(join(place.store, 'summary.md'), await written('STEP_SUMMARY'));
  return {
    status: status === 0 ? 'success' : 'failure',
    outputs: parseStepFile(await written('OUTPUT')),
  };
}

function filled(values: Strings, contexts: Contexts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, fill(value, contexts)]),
  );
}
