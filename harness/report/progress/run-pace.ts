// SPDX-License-Identifier: MIT
import type { PlannedCell } from '../../matrix/expand.ts';
import type { MatrixEvent } from '../../matrix/run-matrix.ts';

/** Follows a run: how many of its cells are done, and about how long the rest takes. */
export class RunPace {
  readonly #now: () => number;
  readonly #left: Map<string, PlannedCell>;
  readonly #total: number;
  /** When the machines that run were started, by the ids of their cells; null while a kernel is being built. */
  readonly #running = new Map<string, number | null>();
  /** Seconds that cells took, by what they have in common. */
  readonly #taken = new Map<string, number[]>();
  #jobs = 1;

  /** `now` is in seconds. */
  constructor(cells: readonly PlannedCell[], now = () => performance.now() / 1000) {
    this.#now = now;
    this.#left = new Map(cells.map((cell) => [cell.id, cell]));
    this.#total = cells.length;
  }

  add(event: MatrixEvent): void {
    const { kind, cell: id } = event;
    if (kind === 'end') {
      this.#end(id, event.judged !== undefined);
    } else if (kind === 'start' || event.phase === 'kernel') {
      this.#running.set(id, null);
      this.#jobs = Math.max(this.#jobs, this.#running.size);
    } else if (event.phase === 'firmware') {
      this.#running.set(id, this.#now());
    }
  }

  /** `3 of 16 cells done, about 2 min left`: no time before there is a basis for it; empty for a single cell. */
  get text(): string {
    if (this.#total < 2) return '';
    const seconds = this.#secondsLeft();
    const done = `${this.#total - this.#left.size} of ${this.#total} cells done`;
    return seconds === undefined ? done : `${done}, ${renderAbout(seconds)} left`;
  }

  #end(id: string, isJudged: boolean): void {
    const cell = this.#left.get(id);
    const startedAt = this.#running.get(id) ?? null;
    if (cell && isJudged && startedAt !== null) {
      for (const key of likeness(cell)) {
        this.#taken.set(key, [...(this.#taken.get(key) ?? []), this.#now() - startedAt]);
      }
    }
    this.#running.delete(id);
    this.#left.delete(id);
  }

  /** Undefined before a cell has been judged, while a kernel is being built, and when all is done. */
  #secondsLeft(): number | undefined {
    const isBuilding = [...this.#running.values()].includes(null);
    if (isBuilding || this.#taken.size === 0 || this.#left.size === 0) return undefined;
    const rest = [...this.#left.values()].map((cell) => {
      const since = this.#running.get(cell.id) ?? this.#now();
      return Math.max(0, this.#expected(cell) - (this.#now() - since));
    });
    const sum = rest.reduce((all, seconds) => all + seconds, 0);
    return Math.max(sum / Math.min(this.#jobs, rest.length), ...rest);
  }

  /** The mean of the cells most like this one. */
  #expected(cell: PlannedCell): number {
    const like = likeness(cell)
      .map((key) => this.#taken.get(key))
      .find((times) => times !== undefined);
    const times = like ?? [0];
    return times.reduce((all, seconds) => all + seconds, 0) / times.length;
  }
}

/** What a cell has in common with others that take about as long, the closest first; all have the last. */
function likeness({ spec: { kernel, crashkernel, trigger } }: PlannedCell): string[] {
  const end = trigger === 'none' ? 'no crash' : crashkernel === null ? 'crash' : 'dump';
  return [`${end} of ${kernel}`, end, 'any'];
}

/** A time that is an estimate. */
function renderAbout(seconds: number): string {
  if (seconds < 10) return 'a few seconds';
  return seconds < 90
    ? `about ${Math.round(seconds / 10) * 10} s`
    : `about ${Math.round(seconds / 60)} min`;
}
