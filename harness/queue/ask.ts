// SPDX-License-Identifier: MIT
import { setTimeout as delay } from 'node:timers/promises';
import { InterruptedError, UsageError, messageOf } from '../errors.ts';
import { groupBy } from '../group-by.ts';
import type { Log } from '../log.ts';
import { withDeadline } from '../process/deadline.ts';
import type { QueueServer } from './connect.ts';
import { type AnsweredJob, JobQueue } from './job-queue.ts';
import { type Needs, fits, nameOfNeeds } from './offer.ts';
import type { CellPayload } from './payload.ts';
import {
  type RegisteredRun,
  type RegisteredWorker,
  Registry,
  type Versions,
  areSame,
  renderVersions,
} from './registry.ts';

/** A cell to be run by a worker. */
export interface AskedCell {
  /** Of what it is: the same cell has the same, in this run. */
  readonly job: string;
  readonly needs: Needs;
  readonly payload: CellPayload;
}

/** Who asks, and what becomes of answers. */
export interface AskOptions {
  readonly run: Pick<RegisteredRun, 'key' | 'name' | 'priority' | 'cells'>;
  readonly versions: Versions;
  /** Takes in what a worker sent, which may be anything; it is called at most once for a job. */
  readonly onAnswer: (job: string, result: unknown) => Promise<void>;
  /** A worker has the cell; `progress` is what it says of it. */
  readonly onActive: (job: string, progress: unknown) => void;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** How often answers are looked for, what runs is asked for, and that nobody can run a cell is said, ms. */
const [LOOK_MS, ACTIVE_MS, WARN_MS] = [200, 1000, 60_000] as const;

/** How long a server may take to forget a run, ms: one that is away is not waited for. */
const LEAVE_MS = 5000;

/**
 * Cells with the same needs that are on the server at a time, and those of them that are put at once. There are more than
 * workers can run meanwhile, and a run of any size takes no more memory.
 */
const [AHEAD, AT_ONCE] = [2000, 250] as const;

/** How many answers are taken in at a time. */
const TAKE_IN = 4;

/** Cells of the run that need the same. */
interface Line {
  readonly name: string;
  readonly needs: Needs;
  readonly queue: JobQueue;
  /** How many have no answer. */
  waiting: number;
}

/** A run on a queue: cells are put as they are ready, and `answers()` waits for all of them. */
export class AskedRun implements AsyncDisposable {
  readonly #server: QueueServer;
  readonly #options: AskOptions;
  readonly #registry: Registry;
  readonly #lines = new Map<string, Line>();
  /** The jobs that were put, and have no answer. */
  readonly #waiting = new Map<string, Line>();
  readonly #since = Date.now();
  #put = 0;
  #isOver = false;
  #warnedAt = -Infinity;
  #activeAt = -Infinity;

  constructor(server: QueueServer, options: AskOptions) {
    this.#server = server;
    this.#options = options;
    this.#registry = new Registry(server, options.log);
  }

  /** Throws `UsageError` if all workers that there are are of another sub1m. */
  async requireSame(): Promise<void> {
    const { versions } = this.#options;
    const workers = await this.#registry.workers();
    const [other] = workers;
    if (other === undefined || workers.some((one) => areSame(one.versions, versions))) return;
    throw new UsageError(
      `Cannot ask ${this.#server.shown}: expected workers of ${renderVersions(versions)}, found ` +
        `${other.id} of ${renderVersions(other.versions)}; start workers of this sub1m, or the run with that one`,
    );
  }

  /**
   * Puts cells; those that are on the queue are not put again. It waits, while there are many with the same needs, until
   * `answers()` has taken some in, or the run is interrupted.
   */
  async put(cells: readonly AskedCell[]): Promise<void> {
    for (const some of groupBy(cells, ({ needs }) => nameOfNeeds(needs)).values()) {
      for (let from = 0; from < some.length; from += AT_ONCE) {
        await this.#putSome(some.slice(from, from + AT_ONCE));
      }
    }
  }

  /** Puts cells with the same needs. */
  async #putSome(cells: readonly AskedCell[]): Promise<void> {
    const [first] = cells;
    if (first === undefined) return;
    const line = this.#line(first.needs);
    const { signal } = this.#options;
    while (line.waiting + cells.length > AHEAD && !signal.aborted) {
      await delay(LOOK_MS, undefined, { signal }).catch(() => {});
    }
    if (signal.aborted) return;
    const isNew = line.waiting === 0;
    for (const { job } of cells) this.#waiting.set(job, line);
    line.waiting += cells.length;
    this.#put += cells.length;
    // Workers look for a line only when it is known; a count may be late.
    if (isNew) await this.#register();
    await line.queue.put(cells.map(({ job, payload }) => ({ id: job, payload })));
    await this.#register();
  }

  #line(needs: Needs): Line {
    const name = `${this.#options.run.key}.${nameOfNeeds(needs)}`;
    const known = this.#lines.get(name);
    if (known !== undefined) return known;
    const queue = new JobQueue(name, this.#server, this.#options.log);
    const line: Line = { name, needs, queue, waiting: 0 };
    this.#lines.set(name, line);
    return line;
  }

  async #register(): Promise<void> {
    const { run, versions } = this.#options;
    const queues = [...this.#lines.values()].map(({ name, needs }) => ({ name, needs }));
    const [put, since] = [this.#put, this.#since];
    await this.#registry.putRun({ ...run, versions, put, since, queues });
  }

  /** Takes in answers until every cell that was put has one, and `isAll()` says that no more come. */
  async answers(isAll: () => boolean): Promise<void> {
    const { signal } = this.#options;
    while (!(isAll() && this.#waiting.size === 0)) {
      if (signal.aborted) {
        throw new InterruptedError('Interrupted before all cells were run', {
          cause: signal.reason,
        });
      }
      let taken = 0;
      for (const { queue } of this.#lines.values()) taken += await this.#takeIn(queue);
      await this.#look();
      if (taken === 0) await delay(LOOK_MS, undefined, { signal }).catch(() => {});
    }
    this.#isOver = true;
  }

  async #takeIn(queue: JobQueue): Promise<number> {
    const jobs = await queue.answered();
    const left = jobs.values();
    const work = async (): Promise<void> => {
      for (const job of left) await this.#takeOne(job);
    };
    await Promise.all(Array.from({ length: TAKE_IN }, work));
    return jobs.length;
  }

  /** An answer is forgotten on the server only when it has been taken in: a program that is killed finds it again. */
  async #takeOne({ id, result, remove }: AnsweredJob): Promise<void> {
    const { onAnswer, signal } = this.#options;
    if (signal.aborted) return;
    if (this.#waiting.has(id)) await onAnswer(id, result);
    const line = this.#waiting.get(id);
    if (line !== undefined) line.waiting -= 1;
    this.#waiting.delete(id);
    await remove().catch(() => {});
  }

  /** Says what runs, and what cannot. */
  async #look(): Promise<void> {
    if (performance.now() - this.#activeAt < ACTIVE_MS) return;
    this.#activeAt = performance.now();
    for (const { queue } of this.#lines.values()) {
      for (const { id, progress } of await queue.active()) {
        if (this.#waiting.has(id)) this.#options.onActive(id, progress);
      }
    }
    if (this.#waiting.size === 0 || performance.now() - this.#warnedAt < WARN_MS) return;
    const workers = await this.#registry.workers();
    const lines = [...this.#lines.values()].filter(({ waiting }) => waiting > 0);
    const needs = lines.map((line) => line.needs);
    const words = whyNobody(needs, workers, this.#options.versions);
    if (words === null) return;
    this.#warnedAt = performance.now();
    this.#options.log.warn(`${this.#server.shown}: ${words}`);
  }

  /** Leaves nothing on the server of a run that is over, nor of one that was interrupted: workers end its cells. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { run, log } = this.#options;
    const { signal } = new AbortController();
    try {
      await withDeadline('the server of the queue', { budgetMs: LEAVE_MS, signal }, () =>
        this.#leave(),
      );
    } catch (error) {
      log.warn(`cannot remove ${run.name} from the queue: ${messageOf(error)}`);
    }
    for (const { queue } of this.#lines.values()) await queue[Symbol.asyncDispose]();
  }

  async #leave(): Promise<void> {
    const { key } = this.#options.run;
    if (this.#isOver) await this.#registry.removeRun(key);
    else await this.#registry.cancelRun(key);
    for (const { queue } of this.#lines.values()) await queue.removeAll();
  }
}

/** Why nobody runs some of the cells that wait, in words; null if each has a worker that can. */
export function whyNobody(
  needs: readonly Needs[],
  workers: readonly RegisteredWorker[],
  versions: Versions,
): string | null {
  const ours = workers.filter((worker) => areSame(worker.versions, versions));
  const start = 'start "sub1m worker"';
  if (workers.length === 0) return `there is no worker; ${start}`;
  if (ours.length === 0) return `no worker is of ${renderVersions(versions)}; ${start} of it`;
  const hopeless = needs.find((one) => !ours.some(({ offer }) => fits(one, offer)));
  if (hopeless === undefined) return null;
  const { cpus, memoryMiB, kvm } = hopeless;
  const what = `${cpus} CPUs and ${memoryMiB} MiB${kvm ? ' with KVM' : ''}`;
  return `no worker has room for a machine of ${what}; ${start} on a larger host`;
}
