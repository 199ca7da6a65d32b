// SPDX-License-Identifier: MIT
import type { CellSpec } from '../bundle/cell-record.ts';

/** What machines may take of a host at a time. */
export interface Budget {
  readonly machines: number;
  /** Their processors together. */
  readonly cpus: number;
  /** Their memory together, and what each takes beside it, MiB. */
  readonly memoryMiB: number;
}

/** What a machine takes beside its own memory, MiB: QEMU, and sub1m while it judges. */
export const BESIDE_MIB = 512;

/** Of a cell, what its machine takes. */
type Machine = Pick<CellSpec, 'cpus' | 'memoryMiB'>;

/** Milliseconds after which a host that had no room is asked again. */
const LOOK_MS = 1000;

/**
 * Lets machines start one after another, in the order in which they ask: each when what runs leaves it its part of the
 * budget, and the host has room. One that would never fit starts alone.
 */
export class Admission {
  readonly #budget: Budget;
  readonly #hasRoom: (machine: Machine) => boolean;
  readonly #running = new Set<Machine>();
  #turn: Promise<unknown> = Promise.resolve();
  #onLeave: () => void = () => {};

  /** `hasRoom` is asked only while a machine runs: the first always starts. */
  constructor(budget: Budget, hasRoom: (machine: Machine) => boolean = () => true) {
    this.#budget = budget;
    this.#hasRoom = hasRoom;
  }

  /** Waits for room; what it gives tells that the machine has ended. Null once the signal has fired. */
  enter(machine: Machine, signal: AbortSignal): Promise<(() => void) | null> {
    const entered = this.#turn.then(() => this.#wait(machine, signal));
    this.#turn = entered;
    return entered;
  }

  async #wait(machine: Machine, signal: AbortSignal): Promise<(() => void) | null> {
    while (!signal.aborted && !this.#fits(machine)) await this.#change(signal);
    if (signal.aborted) return null;
    // A machine of its own: two may be alike.
    const own = { ...machine };
    this.#running.add(own);
    return () => {
      this.#running.delete(own);
      this.#onLeave();
    };
  }

  #fits(machine: Machine): boolean {
    if (this.#running.size === 0) return true;
    const all = [...this.#running, machine];
    const sum = (of: (one: Machine) => number): number =>
      all.reduce((total, one) => total + of(one), 0);
    return (
      all.length <= this.#budget.machines &&
      sum(({ cpus }) => cpus) <= this.#budget.cpus &&
      sum(({ memoryMiB }) => memoryMiB + BESIDE_MIB) <= this.#budget.memoryMiB &&
      this.#hasRoom(machine)
    );
  }

  /** Resolves when a machine has ended, the signal fires, or the host may have room by now. */
  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#onLeave = () => {};
        resolve();
      };
      const timer = setTimeout(done, LOOK_MS);
      signal.addEventListener('abort', done);
      this.#onLeave = done;
    });
  }
}

/** A budget of so many machines, whatever they take. */
export function machinesAtATime(machines: number): Budget {
  return { machines, cpus: Infinity, memoryMiB: Infinity };
}
