// SPDX-License-Identifier: MIT
import type { Log } from '../log.ts';
import type { QueueServer } from './connect.ts';
import { type JobCounts, JobQueue } from './job-queue.ts';
import { type RegisteredRun, type RegisteredWorker, Registry } from './registry.ts';

/** A run, and where its cells are. */
export interface RunState extends RegisteredRun {
  readonly counts: JobCounts;
}

/** What a queue holds. */
export interface QueueState {
  /** The server, without its password. */
  readonly server: string;
  readonly runs: readonly RunState[];
  readonly workers: readonly RegisteredWorker[];
}

/** Looks at a queue, and changes nothing. */
export async function readQueue(server: QueueServer, log: Log): Promise<QueueState> {
  const registry = new Registry(server, log);
  const runs: RunState[] = [];
  for (const run of await registry.runs()) {
    const counts = { waiting: 0, active: 0, answered: 0 };
    for (const { name } of run.queues) {
      await using queue = new JobQueue(name, server, log);
      const some = await queue.counts();
      counts.waiting += some.waiting;
      counts.active += some.active;
      counts.answered += some.answered;
    }
    runs.push({ ...run, counts });
  }
  return { server: server.shown, runs, workers: await registry.workers() };
}

/** Lets all workers that there are end after the cells that they run. */
export async function drainAll(server: QueueServer, log: Log): Promise<void> {
  const registry = new Registry(server, log);
  for (const { id } of await registry.workers()) await registry.drain(id);
}
