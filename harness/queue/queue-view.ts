// SPDX-License-Identifier: MIT
import { whyNobody } from './ask.ts';
import type { QueueState, RunState } from './queue-state.ts';
import type { RegisteredWorker } from './registry.ts';

/** A run as its operator sees it. */
export interface RunView {
  readonly name: string;
  /** Runs with a lower number go first. */
  readonly priority: number;
  readonly cells: number;
  readonly done: number;
  readonly running: number;
  readonly waiting: number;
  /** Cells that were run, and whose bundles the run has not taken in. */
  readonly answered: number;
  /** Since it was put, or went on, ms since 1970. */
  readonly since: number;
  readonly cellsPerMinute: number;
  /** About how long until all is done, at that rate; null if nothing tells. */
  readonly secondsLeft: number | null;
  /** Why some of its cells are run by nobody; null if each has somebody. */
  readonly stuck: string | null;
}

/** A worker likewise. */
export interface WorkerView {
  readonly id: string;
  readonly running: number;
  readonly done: number;
  readonly cellsPerMinute: number;
  readonly since: number;
  readonly draining: boolean;
  readonly machines: number;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly kvm: boolean;
}

/** A queue as its operator sees it. */
export interface QueueView {
  /** The server, without its password. */
  readonly server: string;
  /** Cells that nobody runs yet, and that workers run, of all runs. */
  readonly waiting: number;
  readonly running: number;
  readonly runs: readonly RunView[];
  readonly workers: readonly WorkerView[];
}

/** What follows from what a queue holds; `now` is in ms since 1970. */
export function queueView({ server, runs, workers }: QueueState, now: number): QueueView {
  const views = runs.map((run) => runView(run, workers, now));
  const sum = (of: (run: RunView) => number): number =>
    views.reduce((total, run) => total + of(run), 0);
  return {
    server,
    waiting: sum(({ waiting }) => waiting),
    running: sum(({ running }) => running),
    runs: views,
    workers: workers.map((worker) => workerView(worker, now)),
  };
}

function runView(
  { name, priority, cells, put, since, queues, versions, counts }: RunState,
  workers: readonly RegisteredWorker[],
  now: number,
): RunView {
  const { active, answered } = counts;
  const done = Math.max(0, put - counts.waiting - active);
  // With those that are put when there is room for them.
  const waiting = Math.max(0, cells - done - active);
  const left = waiting + active;
  const perMinute = rateOf(done, since, now);
  const needs = queues.map((queue) => queue.needs);
  const nobody = waiting > 0 ? whyNobody(needs, workers, versions) : null;
  const idle = waiting > 0 && active === 0 ? 'nothing runs: no worker takes them' : null;
  return {
    name,
    priority,
    cells,
    done,
    running: active,
    waiting,
    answered,
    since,
    cellsPerMinute: perMinute,
    secondsLeft: left === 0 ? 0 : perMinute > 0 ? (left / perMinute) * 60 : null,
    stuck: nobody ?? idle,
  };
}

function workerView(
  { id, running, done, since, isDraining, offer }: RegisteredWorker,
  now: number,
): WorkerView {
  const { machines, cpus, memoryMiB, kvm } = offer;
  const cellsPerMinute = rateOf(done, since, now);
  const draining = isDraining;
  return { id, running, done, cellsPerMinute, since, draining, machines, cpus, memoryMiB, kvm };
}

/** A minute. The first second tells no rate, so it counts as one. */
const MINUTE_MS = 60_000;

function rateOf(done: number, since: number, now: number): number {
  return done / Math.max((now - since) / MINUTE_MS, 1 / 60);
}
