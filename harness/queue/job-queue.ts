// SPDX-License-Identifier: MIT
import { type Job, Queue, Worker } from 'bullmq';
import { LeaseError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { QueueServer } from './connect.ts';
import { BULL_PREFIX } from './registry.ts';

/** Jobs that go to the server in one command, and results that are taken at a time. */
const PUT_AT_ONCE = 500;
const TAKE_AT_ONCE = 50;

const LOST = 'Lost the lease: another worker may have the cell';

/** A job to be put: of two with one id the second is not. */
export interface NewJob {
  readonly id: string;
  readonly payload: unknown;
}

/** A job that a worker has answered; nothing of it has been checked. */
export interface AnsweredJob {
  readonly id: string;
  readonly result: unknown;
  /** Forgets the job: its result has been taken in. */
  readonly remove: () => Promise<void>;
}

/** How many jobs of a queue are where. */
export interface JobCounts {
  readonly waiting: number;
  readonly active: number;
  /** Whose results wait to be taken in. */
  readonly answered: number;
}

/** The jobs of a run that need the same, for the one who asks. */
export class JobQueue implements AsyncDisposable {
  readonly #queue: Queue;

  constructor(name: string, { client }: QueueServer, log: Log) {
    this.#queue = new Queue(name, { connection: client, prefix: BULL_PREFIX });
    this.#queue.on('error', (error) => {
      log.debug(`queue ${name}: ${messageOf(error)}`);
    });
  }

  async put(jobs: readonly NewJob[]): Promise<void> {
    for (let from = 0; from < jobs.length; from += PUT_AT_ONCE) {
      const some = jobs.slice(from, from + PUT_AT_ONCE);
      await this.#queue.addBulk(
        some.map(({ id, payload }) => ({ name: 'cell', data: payload, opts: { jobId: id } })),
      );
    }
  }

  /** Some of those that were answered. */
  async answered(): Promise<AnsweredJob[]> {
    const jobs = await this.#queue.getJobs(['completed', 'failed'], 0, TAKE_AT_ONCE - 1, true);
    return jobs.flatMap((job: Job | undefined): AnsweredJob[] =>
      job?.id === undefined
        ? []
        : [{ id: job.id, result: job.returnvalue as unknown, remove: () => job.remove() }],
    );
  }

  /** The ids of those that workers have, and what each says that it is about. */
  async active(): Promise<{ readonly id: string; readonly progress: unknown }[]> {
    const jobs = await this.#queue.getJobs(['active'], 0, 999, true);
    return jobs.flatMap((job: Job | undefined) =>
      job?.id === undefined ? [] : [{ id: job.id, progress: job.progress }],
    );
  }

  async counts(): Promise<JobCounts> {
    const counts = await this.#queue.getJobCounts('wait', 'active', 'completed', 'failed');
    const of = (state: string): number => counts[state] ?? 0;
    return {
      waiting: of('waiting') + of('wait'),
      active: of('active'),
      answered: of('completed') + of('failed'),
    };
  }

  /** Forgets all of its jobs, wherever they are. */
  async removeAll(): Promise<void> {
    await this.#queue.obliterate({ force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.close();
  }
}

/** A job that a worker has, under a lease. */
export interface TakenJob {
  readonly id: string;
  readonly payload: unknown;
  /** Rejects with `LeaseError` if it is lost. */
  readonly renew: () => Promise<void>;
  readonly says: (progress: string) => Promise<void>;
  /** Gives the result, which counts only while the lease lasts: else rejects with `LeaseError`. */
  readonly answer: (result: object) => Promise<void>;
  /** Gives the job back, for others. Rejects likewise. */
  readonly giveBack: () => Promise<void>;
}

/** The jobs of a run that need the same, for a worker. Jobs whose lease ran out are given to others. */
export class JobTaker implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #leaseMs: number;

  constructor(
    name: string,
    { client }: QueueServer,
    { leaseMs, log }: { readonly leaseMs: number; readonly log: Log },
  ) {
    this.#leaseMs = leaseMs;
    this.#worker = new Worker(name, null, {
      connection: client,
      prefix: BULL_PREFIX,
      autorun: false,
      lockDuration: leaseMs,
      stalledInterval: leaseMs / 2,
      // How often workers may die of a cell is told by the registry, which knows who is dead.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
    });
    this.#worker.on('error', (error) => {
      log.debug(`worker of ${name}: ${messageOf(error)}`);
    });
    void this.#worker.startStalledCheckTimer();
  }

  /** The next job, or undefined if none waits. The token is of this attempt alone. */
  async take(token: string): Promise<TakenJob | undefined> {
    const job = await this.#worker.getNextJob(token, { block: false });
    if (job?.id === undefined) return undefined;
    const { id } = job;
    return {
      id,
      payload: job.data as unknown,
      renew: async () => {
        const renewed = await job.extendLock(token, this.#leaseMs);
        if (renewed === 0) throw new LeaseError(LOST);
      },
      says: (progress) => job.updateProgress(progress),
      answer: async (result) => {
        await unlessLost(() => job.moveToCompleted(result, token, false));
      },
      giveBack: async () => {
        await unlessLost(() => job.moveToWait(token));
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.close(true);
  }
}

/** BullMQ's errors about a job have negative codes: that somebody else has it, or nobody knows it any more. */
async function unlessLost(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
    const isLost = typeof code === 'number' && code < 0;
    if (isLost) throw new LeaseError(LOST, { cause: error });
    throw error;
  }
}
