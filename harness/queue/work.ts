// SPDX-License-Identifier: MIT
import { setTimeout as delay } from 'node:timers/promises';
import {
  LeaseError,
  PoisonError,
  UsageError,
  codeOf,
  fromSystemError,
  wordsOf,
} from '../errors.ts';
import { MESSAGE_LIMIT } from '../bundle/cell-record.ts';
import { rejectedOnAbort } from '../process/deadline.ts';
import type { QueueServer } from './connect.ts';
import { JobTaker, type TakenJob } from './job-queue.ts';
import { inFairOrder } from './fair-order.ts';
import { underLease } from './lease.ts';
import { type Needs, fits } from './offer.ts';
import { type CellResult, parseSent, payloadSchema } from './payload.ts';
import {
  type RegisteredRun,
  Registry,
  type Versions,
  areSame,
  renderVersions,
} from './registry.ts';
import type { CellEnding, CellTools, WorkerOptions } from './worker-options.ts';

/** How long a lease lasts that is not renewed, ms. */
const LEASE_MS = 30_000;

/** Workers that may end while they run a cell, before it is set apart. */
const DEATHS_LIMIT = 2;

/** Bundles of which the machine is gone, and that are not in the store yet. */
const UNSENT_LIMIT = 8;

/** How often a worker that has nothing to do looks for work, and says that it lives, ms. */
const [LOOK_MS, BEAT_MS] = [200, 2000] as const;

/** Works until the signal fires, or the worker is drained. Gives how many cells it ran to their end. */
export async function workOn(server: QueueServer, options: WorkerOptions): Promise<number> {
  await using worker = new CellWorker(server, options);
  return await worker.work();
}

/** A result that does not say yet whose it is. */
type Unsigned<T> = T extends unknown ? Omit<T, 'worker'> : never;

/** A cell that runs. */
interface Running {
  /** Null when its machine is gone. */
  needs: Needs | null;
  readonly ended: Promise<void>;
}

class CellWorker implements AsyncDisposable {
  readonly #server: QueueServer;
  readonly #options: WorkerOptions;
  readonly #registry: Registry;
  readonly #leaseMs: number;
  readonly #takers = new Map<string, JobTaker>();
  readonly #running = new Set<Running>();
  readonly #refused = new Set<string>();
  readonly #since = Date.now();
  #tokens = 0;
  #done = 0;
  #isDraining = false;

  constructor(server: QueueServer, options: WorkerOptions) {
    this.#server = server;
    this.#options = options;
    this.#registry = new Registry(server, options.log);
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
  }

  async work(): Promise<number> {
    const { signal, drain } = this.#options;
    await this.#requireSame();
    await this.#beat();
    const beating = setInterval(() => void this.#beat(), Math.min(BEAT_MS, this.#leaseMs / 4));
    try {
      while (!signal.aborted && !this.#isDraining) {
        // A cell that ends while others are looked at had their room: that is no sign that nothing is left.
        const wasIdle = this.#running.size === 0;
        const isBusy = await this.#takeOne();
        if (isBusy) continue;
        if (drain && wasIdle) break;
        await this.#pause();
      }
      await Promise.all([...this.#running].map(({ ended }) => ended));
    } finally {
      clearInterval(beating);
    }
    return this.#done;
  }

  /** Throws `UsageError` if all runs that wait are of another sub1m. */
  async #requireSame(): Promise<void> {
    const { versions } = this.#options;
    const runs = await this.#registry.runs();
    const [other] = runs.filter((run) => !areSame(run.versions, versions));
    if (other === undefined || runs.some((run) => areSame(run.versions, versions))) return;
    throw new UsageError(
      `Cannot work for ${this.#server.shown}: expected runs of ${renderVersions(versions)}, found ` +
        `${other.name} of ${renderVersions(other.versions)}; start that sub1m here, or the run with this one`,
    );
  }

  /** Takes a job that fits. False if there is none, or no room. */
  async #takeOne(): Promise<boolean> {
    const { offer, versions } = this.#options;
    // A store that is slow holds up no machine, for so many bundles.
    if (this.#running.size >= UNSENT_LIMIT + offer.machines) return false;
    const taken = [...this.#running].flatMap(({ needs }) => needs ?? []);
    const runs = (await this.#registry.runs()).filter((run) => this.#isOurs(run, versions));
    await this.#forget(runs);
    for (const run of inFairOrder(runs)) {
      for (const { name, needs } of run.queues) {
        if (!fits(needs, offer, taken)) continue;
        const job = await this.#take(name);
        if (job === undefined) continue;
        this.#start(run, needs, job);
        return true;
      }
    }
    return false;
  }

  #isOurs(run: RegisteredRun, versions: Versions): boolean {
    if (areSame(run.versions, versions)) return true;
    if (!this.#refused.has(run.key)) {
      this.#refused.add(run.key);
      this.#options.log.warn(
        `cells of ${run.name} are left to others: expected ${renderVersions(versions)}, found ${renderVersions(run.versions)}`,
      );
    }
    return false;
  }

  /** A job that is no JSON was put by no sub1m: it is told once, and left to who put it. */
  async #take(name: string): Promise<TakenJob | undefined> {
    try {
      return await this.#taker(name).take(`${this.#options.id}.${++this.#tokens}`);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      if (!this.#refused.has(name)) this.#options.log.warn(`${name} has a job that is no JSON`);
      this.#refused.add(name);
      return undefined;
    }
  }

  #taker(name: string): JobTaker {
    const { log } = this.#options;
    const known = this.#takers.get(name);
    const taker = known ?? new JobTaker(name, this.#server, { leaseMs: this.#leaseMs, log });
    this.#takers.set(name, taker);
    return taker;
  }

  /** Lets go of the queues of runs that are over. */
  async #forget(runs: readonly RegisteredRun[]): Promise<void> {
    const names = new Set(runs.flatMap(({ queues }) => queues.map(({ name }) => name)));
    for (const [name, taker] of this.#takers) {
      if (names.has(name) || this.#running.size > 0) continue;
      this.#takers.delete(name);
      await taker[Symbol.asyncDispose]();
    }
  }

  #start(run: RegisteredRun, needs: Needs, job: TakenJob): void {
    const { onEvent = () => {}, log } = this.#options;
    const which = { run: run.name, job: job.id };
    const startedAt = performance.now();
    const off = (): void => {
      if (running.needs !== null) onEvent({ kind: 'off', ...which });
      running.needs = null;
    };
    const work = async (): Promise<void> => {
      const end = await this.#runJob(run, job, off).catch((error: unknown): CellEnding => {
        log.warn(`${run.name}, ${job.id.slice(0, 12)}: ${wordsOf(error)}`);
        return 'failed';
      });
      off();
      this.#running.delete(running);
      const seconds = (performance.now() - startedAt) / 1000;
      onEvent({ kind: 'end', ...which, end, seconds });
    };
    onEvent({ kind: 'begin', ...which });
    const running: Running = { needs, ended: work() };
    this.#running.add(running);
  }

  async #runJob(run: RegisteredRun, job: TakenJob, onOff: () => void): Promise<CellEnding> {
    const { id, log, signal } = this.#options;
    let isAnswering = false;
    const renew = async (): Promise<void> => {
      // Behind the answer there is no lease any more: that would look like one that was lost.
      if (isAnswering) throw new Error('It is being answered');
      await job.renew();
      if (await this.#registry.isCancelled(run.key)) throw new LeaseError('The run was cancelled');
    };
    try {
      const deaths = await this.#registry.hold(run.key, job.id, id);
      const end = await underLease(
        async (stop) => {
          const result = await this.#resultOf(job, deaths, { signal: stop, onOff });
          isAnswering = true;
          // Under the lease: a server that is away is waited for, but no longer than that.
          await unlessAborted(job.answer({ ...result, worker: id }), stop);
          return result.kind;
        },
        { leaseMs: this.#leaseMs, renew, signal },
      );
      this.#done += 1;
      await this.#registry.settle(run.key, job.id);
      return end;
    } catch (error) {
      if (signal.aborted) {
        await this.#giveBack(run, job);
        return 'returned';
      }
      if (!(error instanceof LeaseError)) throw error;
      log.warn(`${run.name}, ${job.id.slice(0, 12)}: ${error.message}; what it showed is dropped`);
      await this.#registry.outlived(run.key, job.id, id);
      return 'lost';
    }
  }

  async #giveBack(run: RegisteredRun, job: TakenJob): Promise<void> {
    await this.#registry.outlived(run.key, job.id, this.#options.id);
    await job.giveBack().catch(() => {});
  }

  /** What came of a cell; what is wrong with it, or with this host, is a result, too. */
  async #resultOf(
    job: TakenJob,
    deaths: number,
    tools: Omit<CellTools, 'onPhase'>,
  ): Promise<Unsigned<CellResult>> {
    try {
      if (deaths >= DEATHS_LIMIT) {
        throw new PoisonError(
          `${deaths} workers ended while they ran this cell: it is set apart; run it alone to see why`,
        );
      }
      const payload = parseSent(job.payload, payloadSchema, 'a cell of the queue');
      const onPhase = (phase: string): void => {
        job.says(phase).catch(() => {});
      };
      return await this.#options.perform(payload, { ...tools, onPhase });
    } catch (thrown) {
      if (tools.signal.aborted) throw thrown;
      const error = fromSystemError(thrown, 'run a cell');
      const message = wordsOf(error).slice(0, MESSAGE_LIMIT);
      return { kind: 'untold', code: codeOf(error), message };
    }
  }

  async #beat(): Promise<void> {
    const { id, versions, offer, log } = this.#options;
    try {
      if (!this.#isDraining && (await this.#registry.isDrained(id))) {
        this.#isDraining = true;
        log.info('drained: it ends after the cells that it runs');
      }
      const [running, done, isDraining] = [this.#running.size, this.#done, this.#isDraining];
      const word = { id, versions, offer, since: this.#since, running, done, isDraining };
      await this.#registry.beat(word, this.#leaseMs);
    } catch (error) {
      log.debug(`not heard: ${wordsOf(error)}`);
    }
  }

  /** Waits until it is worth looking again. */
  async #pause(): Promise<void> {
    const { signal } = this.#options;
    const over = new AbortController();
    const ended = [...this.#running].map((one) => one.ended);
    const either = AbortSignal.any([signal, over.signal]);
    const look = delay(LOOK_MS, undefined, { signal: either }).catch(() => {});
    await Promise.race([look, ...ended]);
    // Else a worker of many short cells has a timer and a listener for each.
    over.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const taker of this.#takers.values()) await taker[Symbol.asyncDispose]();
    await this.#registry.removeWorker(this.#options.id);
  }
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = rejectedOnAbort(signal, () => signal.reason as Error);
  for (const loser of [promise, aborted.promise]) loser.catch(() => {});
  try {
    return await Promise.race([aborted.promise, promise]);
  } finally {
    aborted.stop();
  }
}
