// SPDX-License-Identifier: MIT
import type { Phase } from '../bundle/cell-record.ts';

/** Which phase a cell is in, since when, and how long each took. */
export class PhaseClock {
  readonly #startedAt = performance.now();
  readonly #onPhase: (phase: Phase) => void;
  readonly #entered: { readonly phase: Phase; readonly at: number }[] = [];

  constructor(onPhase: (phase: Phase) => void) {
    this.#onPhase = onPhase;
  }

  /** The phase entered last, or null before the first. */
  get phase(): Phase | null {
    return this.#entered.at(-1)?.phase ?? null;
  }

  /** Begins a phase; does nothing in the phase that has begun. */
  enter(phase: Phase): void {
    if (phase === this.phase) return;
    this.#entered.push({ phase, at: performance.now() });
    this.#onPhase(phase);
  }

  /** Seconds per phase entered, up to now, and `total`. */
  seconds(): Record<string, number> {
    const now = performance.now();
    const ends = [...this.#entered.slice(1).map(({ at }) => at), now];
    const taken: Record<string, number> = {};
    for (const [i, { phase, at }] of this.#entered.entries()) {
      taken[phase] = seconds((ends[i] ?? now) - at);
    }
    return { ...taken, total: seconds(now - this.#startedAt) };
  }

  /** The lines of `timeline.jsonl`: when each phase began, in seconds since the cell's start. */
  timeline(): string {
    return this.#entered
      .map(({ phase, at }) => `${JSON.stringify({ at: seconds(at - this.#startedAt), phase })}\n`)
      .join('');
  }
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
