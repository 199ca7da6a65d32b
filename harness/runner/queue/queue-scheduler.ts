// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { HostError, InputError, PoisonError, QueueError, type Sub1mError } from '../../errors.ts';
import { groupBy } from '../../group-by.ts';
import type { PlannedCell } from '../../matrix/expand.ts';
import type { JudgedCell } from '../../matrix/judged-cell.ts';
import {
  type CellEnd,
  type ScheduleOptions,
  type Scheduler,
  settleCells,
} from '../../matrix/run-matrix.ts';
import { sha256File } from '../../process/file-hash.ts';
import { AskedRun } from '../../queue/ask.ts';
import type { QueueServer } from '../../queue/connect.ts';
import { nameOfNeeds } from '../../queue/offer.ts';
import { type CellPayload, parseSent, resultSchema } from '../../queue/payload.ts';
import type { ArtifactStore } from '../../store/artifact-store.ts';
import { PLAN } from '../results-folder.ts';
import type { RunParts } from '../run-cells.ts';
import { queueVersions } from './queue-versions.ts';
import { Shipper, needsOf, shipCell } from './ship-cell.ts';
import { takeInBundle } from './take-in-bundle.ts';

/** Who runs the cells of a run, and where what they need is stored. */
export interface QueueSettings {
  readonly server: QueueServer;
  readonly store: ArtifactStore;
  /** Runs with a lower number go first. */
  readonly priority: number;
}

/**
 * Has cells run by the workers of a queue. What they send is judged here, by its evidence. Throws like `settleCells`, and
 * `UsageError` if all workers are of another sub1m.
 */
export function queueScheduler(settings: QueueSettings, parts: RunParts): Scheduler {
  return (cells, options) => new Asking(settings, { cells, parts, options }).run();
}

interface Asked {
  readonly cells: readonly PlannedCell[];
  readonly parts: RunParts;
  readonly options: ScheduleOptions;
}

/** Cells that are made ready to be put at a time. */
const SHIP_AT_ONCE = 250;

/** The errors that workers may report of a cell, by their codes. */
const ERRORS: Readonly<Record<string, new (message: string) => Sub1mError>> = {
  E_HOST: HostError,
  E_INPUT: InputError,
  E_POISON: PoisonError,
};

class Asking {
  readonly #settings: QueueSettings;
  readonly #asked: Asked;
  readonly #places: ReadonlyMap<string, number>;
  readonly #ends: CellEnd[];
  /** The cells that were put, by their jobs. */
  readonly #jobs = new Map<string, CellPayload>();
  readonly #started = new Set<string>();
  readonly #phases = new Map<string, string>();

  constructor(settings: QueueSettings, asked: Asked) {
    this.#settings = settings;
    this.#asked = asked;
    this.#places = new Map(asked.cells.map(({ id }, nr) => [id, nr]));
    this.#ends = asked.cells.map(() => undefined);
  }

  async run(): Promise<JudgedCell[]> {
    const { cells, parts, options } = this.#asked;
    const { folder, context } = parts;
    const { signal } = options;
    const { server, priority } = this.#settings;
    const name = folder.slice(folder.lastIndexOf('/') + 1).slice(-200);
    // The same for a run that goes on: it finds what was answered meanwhile.
    const key = `run-${(await sha256File(join(folder, PLAN))).slice(0, 24)}`;
    const run = new AskedRun(server, {
      run: { key, name, priority, cells: cells.length },
      versions: queueVersions(),
      onAnswer: (job, result) => this.#onAnswer(job, result),
      onActive: (job, progress) => {
        this.#onActive(job, progress);
      },
      signal,
      log: context.log,
    });
    await run.requireSame();
    await using asked = run;
    let isAll = false;
    const putting = this.#putAll(asked).finally(() => {
      isAll = true;
    });
    // An error ends the run when the answers are in.
    putting.catch(() => {});
    try {
      await asked.answers(() => isAll);
      await putting;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return settleCells(cells, this.#ends, options);
  }

  /** Puts cells; those that need more than workers have hold up no others. */
  async #putAll(run: AskedRun): Promise<void> {
    const { cells, options } = this.#asked;
    const shipper = new Shipper(this.#settings.store, options.signal);
    const lines = groupBy(cells, ({ spec }) => nameOfNeeds(needsOf(spec)));
    await Promise.all([...lines.values()].map((line) => this.#putLine(line, run, shipper)));
  }

  /** Puts cells as their kernels are ready, kernel by kernel, and no more at a time than there is room for. */
  async #putLine(line: readonly PlannedCell[], run: AskedRun, shipper: Shipper): Promise<void> {
    for (const cells of groupBy(line, ({ spec }) => spec.kernel).values()) {
      for (let from = 0; from < cells.length; from += SHIP_AT_ONCE) {
        await this.#putSome(cells.slice(from, from + SHIP_AT_ONCE), run, shipper);
      }
    }
  }

  /** Puts cells of one kernel. What keeps them from it is how they end. */
  async #putSome(cells: readonly PlannedCell[], run: AskedRun, shipper: Shipper): Promise<void> {
    const { parts, options } = this.#asked;
    const [first] = cells;
    if (first === undefined || options.signal.aborted) return;
    try {
      const kernel = await parts.kernels.get(first.spec.kernel);
      const shipped = [];
      for (const cell of cells) shipped.push(await shipCell(cell, kernel, { parts, shipper }));
      for (const { job, payload } of shipped) this.#jobs.set(job, payload);
      await run.put(shipped);
    } catch (error) {
      if (options.signal.aborted) return;
      for (const { id } of cells) this.#end(id, { status: 'rejected', reason: error });
    }
  }

  async #onAnswer(job: string, sent: unknown): Promise<void> {
    const payload = this.#jobs.get(job);
    if (payload === undefined) return;
    const { id } = payload;
    const { signal } = this.#asked.options;
    const [end] = await Promise.allSettled([this.#judged(payload, sent)]);
    // Its answer stays on the queue: a run that goes on takes it in.
    if (signal.aborted && end.status === 'rejected') throw end.reason;
    this.#end(id, end);
    // What a large run asked for is not kept longer than it is needed.
    this.#jobs.delete(job);
    this.#phases.delete(id);
  }

  async #judged(payload: CellPayload, sent: unknown): Promise<JudgedCell> {
    const result = parseSent(sent, resultSchema, `the answer for ${payload.id}`);
    if (result.kind === 'untold') {
      const SentError = ERRORS[result.code] ?? QueueError;
      throw new SentError(`Worker ${result.worker}: ${result.message}`);
    }
    const { parts, options } = this.#asked;
    const { store } = this.#settings;
    return takeInBundle(result, payload, { store, results: parts.folder, signal: options.signal });
  }

  #onActive(job: string, progress: unknown): void {
    const id = this.#jobs.get(job)?.id;
    if (id === undefined) return;
    this.#start(id);
    const isNew = this.#phases.get(id) !== progress;
    if (isNew && typeof progress === 'string' && /^[a-z ]{1,40}$/.test(progress)) {
      this.#phases.set(id, progress);
      this.#asked.options.onEvent({ kind: 'phase', cell: id, phase: progress });
    }
  }

  #start(id: string): void {
    if (this.#started.has(id)) return;
    this.#started.add(id);
    this.#asked.options.onEvent({ kind: 'start', cell: id });
  }

  #end(id: string, end: PromiseSettledResult<JudgedCell>): void {
    this.#start(id);
    this.#ends[this.#places.get(id) ?? 0] = end;
    const judged = end.status === 'fulfilled' ? end.value : undefined;
    this.#asked.options.onEvent({ kind: 'end', cell: id, judged });
  }
}
