// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { Log } from '../log.ts';
import type { QueueServer } from './connect.ts';
import { needsSchema, offerSchema } from './offer.ts';
import { QUEUE_VERSION, hashSchema } from './payload.ts';

/** All keys of ours, and those of BullMQ below it. */
const PREFIX = 'sub1m';
export const BULL_PREFIX = `${PREFIX}:bull`;

const words = z.string().max(255);

/** Who may work together: only what is the same on both sides. */
const versionsSchema = z.strictObject({
  queue: z.int(),
  sub1m: words,
  code: hashSchema,
  model: hashSchema,
});

/** See `versionsSchema`. */
export type Versions = z.infer<typeof versionsSchema>;

/** A name of which a key of the server is made. */
const keySchema = z.string().regex(/^[\w.-]{1,100}$/);

const runSchema = z.strictObject({
  key: keySchema,
  /** The name of its results folder, for people. */
  name: words,
  versions: versionsSchema,
  /** Runs with a lower number go first. */
  priority: z.int(),
  /** All of its cells, and those that have been put so far. */
  cells: z.int().nonnegative(),
  put: z.int().nonnegative(),
  since: z.number(),
  /** One for each thing that its cells need. */
  queues: z.array(z.strictObject({ name: keySchema, needs: needsSchema })).max(1000),
});

/** A run whose cells wait for workers. */
export type RegisteredRun = z.infer<typeof runSchema>;

const workerSchema = z.strictObject({
  id: keySchema,
  versions: versionsSchema,
  offer: offerSchema,
  since: z.number(),
  /** Cells that it runs, and that it has run to their end. */
  running: z.int().nonnegative(),
  done: z.int().nonnegative(),
  isDraining: z.boolean(),
});

/** A worker that was heard of lately. */
export type RegisteredWorker = z.infer<typeof workerSchema>;

/** How long a word about a run that is over stays, ms. */
const DAY_MS = 24 * 60 * 60 * 1000;

/** Who asks and who works, as the server of a queue has it; what is there by mistake is left out, and told once. */
export class Registry {
  readonly #server: QueueServer;
  readonly #log: Log;
  readonly #told = new Set<string>();

  constructor(server: QueueServer, log: Log) {
    this.#server = server;
    this.#log = log;
  }

  get #client(): QueueServer['client'] {
    return this.#server.client;
  }

  async runs(): Promise<RegisteredRun[]> {
    const all = await this.#client.hvals(`${PREFIX}:runs`);
    return all.flatMap((text) => this.#parsed(text, runSchema, 'run'));
  }

  async workers(): Promise<RegisteredWorker[]> {
    const ids = await this.#client.smembers(`${PREFIX}:workers`);
    if (ids.length === 0) return [];
    const texts = await this.#client.mget(ids.map(workerKey));
    const gone = ids.filter((_, nr) => texts[nr] === null);
    if (gone.length > 0) await this.#client.srem(`${PREFIX}:workers`, ...gone);
    return texts.flatMap((text) =>
      text === null || text === undefined ? [] : this.#parsed(text, workerSchema, 'worker'),
    );
  }

  async putRun(run: RegisteredRun): Promise<void> {
    await this.#client.hset(`${PREFIX}:runs`, run.key, JSON.stringify(run));
    await this.#client.del(cancelKey(run.key));
  }

  async removeRun(key: string): Promise<void> {
    await this.#client.hdel(`${PREFIX}:runs`, key);
    await this.#client.del(heldKey(key));
  }

  /** Nobody waits for its cells any more: workers end them within seconds. */
  async cancelRun(key: string): Promise<void> {
    await this.#client.set(cancelKey(key), '1', 'PX', DAY_MS);
    await this.removeRun(key);
  }

  async isCancelled(key: string): Promise<boolean> {
    return (await this.#client.exists(cancelKey(key))) === 1;
  }

  /** Says that a worker lives, for so long. */
  async beat(worker: RegisteredWorker, ms: number): Promise<void> {
    await this.#client.set(workerKey(worker.id), JSON.stringify(worker), 'PX', Math.ceil(ms));
    await this.#client.sadd(`${PREFIX}:workers`, worker.id);
  }

  async removeWorker(id: string): Promise<void> {
    await this.#client.del(workerKey(id), drainKey(id));
    await this.#client.srem(`${PREFIX}:workers`, id);
  }

  /** Tells a worker to end when the cells that it runs have ended. */
  async drain(id: string): Promise<void> {
    await this.#client.set(drainKey(id), '1', 'PX', DAY_MS);
  }

  async isDrained(id: string): Promise<boolean> {
    return (await this.#client.exists(drainKey(id))) === 1;
  }

  /**
   * Notes that a worker begins with a cell, and gives how many workers have ended while they ran it: one that had it and is
   * not heard of any more has.
   */
  async hold(run: string, job: string, worker: string): Promise<number> {
    const before = await this.#client.hget(heldKey(run), job);
    const isDead =
      before !== null && before !== worker && (await this.#client.exists(workerKey(before))) === 0;
    const deaths = deathsKey(run, job);
    if (isDead) {
      await this.#client.sadd(deaths, before);
      await this.#client.pexpire(deaths, DAY_MS);
    }
    await this.#client.hset(heldKey(run), job, worker);
    return this.#client.scard(deaths);
  }

  /** Forgets who had a cell that was answered, and who ended by it. */
  async settle(run: string, job: string): Promise<void> {
    await this.#client.hdel(heldKey(run), job);
    await this.#client.del(deathsKey(run, job));
  }

  /** Notes that a worker that lost a cell lives: that it was out of reach was not the cell's fault. */
  async outlived(run: string, job: string, worker: string): Promise<void> {
    const holder = await this.#client.hget(heldKey(run), job);
    if (holder === worker) await this.#client.hdel(heldKey(run), job);
    await this.#client.srem(deathsKey(run, job), worker);
  }

  #parsed<T>(text: string, schema: z.ZodType<T>, what: string): T[] {
    try {
      const parsed = schema.safeParse(JSON.parse(text));
      if (parsed.success) return [parsed.data];
    } catch {
      // Told below.
    }
    if (!this.#told.has(text)) {
      this.#told.add(text);
      this.#log.warn(
        `${this.#server.shown} has a ${what} that this sub1m cannot read: it is of another version; it is left out`,
      );
    }
    return [];
  }
}

function workerKey(id: string): string {
  return `${PREFIX}:worker:${id}`;
}
function drainKey(id: string): string {
  return `${PREFIX}:drain:${id}`;
}
function cancelKey(run: string): string {
  return `${PREFIX}:cancelled:${run}`;
}
function heldKey(run: string): string {
  return `${PREFIX}:held:${run}`;
}
function deathsKey(run: string, job: string): string {
  return `${PREFIX}:deaths:${run}:${job}`;
}

/** Whether two may work together. */
export function areSame(one: Versions, other: Versions): boolean {
  return (
    one.queue === other.queue &&
    one.sub1m === other.sub1m &&
    one.code === other.code &&
    one.model === other.model
  );
}

/** Versions in a few words. */
export function renderVersions({ queue, sub1m, code, model }: Versions): string {
  const note = queue === QUEUE_VERSION ? '' : `, queue version ${queue}`;
  return `sub1m ${sub1m} (code ${code.slice(0, 8)}, model ${model.slice(0, 8)}${note})`;
}
