// SPDX-License-Identifier: MIT
import { availableParallelism } from 'node:os';
import type { Phase, PhasePressure } from '../bundle/cell-record.ts';
import {
  type HostLoad,
  type ProcessLoad,
  readHostLoad,
  readProcessLoad,
} from '../process/host-load.ts';

/** Between two looks at the host, ms. */
const LOOK_MS = 1000;

/** The cells of this process whose pressure is watched: their machines run beside each other. */
const watched = new Set<HostPressure>();

/** A look at the host. */
interface Look {
  readonly at: number;
  readonly host: HostLoad;
  /** QEMU's own; null before it runs and after its end. */
  readonly qemu: ProcessLoad | null;
}

/** The looks at one phase. */
interface WatchedPhase {
  readonly first: Look;
  last: Look;
  machines: number;
  availableMiB: number | null;
}

/** What a host let the machine of a cell have, phase by phase. */
export class HostPressure implements Disposable {
  readonly #phases = new Map<Phase, WatchedPhase>();
  readonly #timer: NodeJS.Timeout;
  #current: WatchedPhase | undefined;
  #pid: number | undefined;

  constructor() {
    watched.add(this);
    this.#timer = setInterval(() => {
      this.#look();
    }, LOOK_MS).unref();
  }

  /** Tells which process is the machine. */
  watch(pid: number): void {
    this.#pid = pid;
  }

  /** Begins a phase, and ends the one before. */
  enter(phase: Phase): void {
    const look = this.#look();
    const { availableMiB } = look.host;
    this.#current = { first: look, last: look, machines: watched.size, availableMiB };
    this.#phases.set(phase, this.#current);
  }

  /** The pressure of each phase up to now, or to the last look in which its QEMU was there. */
  record(): Partial<Record<Phase, PhasePressure>> {
    this.#look();
    return Object.fromEntries(
      [...this.#phases].map(([phase, watchedPhase]) => [phase, pressureOf(watchedPhase)]),
    );
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    watched.delete(this);
  }

  #look(): Look {
    const qemu = this.#pid === undefined ? null : readProcessLoad(this.#pid);
    const look = { at: performance.now(), host: readHostLoad(), qemu };
    const phase = this.#current;
    // The last phase lasts until QEMU is gone.
    if (phase && (qemu !== null || phase.last.qemu === null)) {
      phase.last = look;
      phase.machines = Math.max(phase.machines, watched.size);
      phase.availableMiB = least(phase.availableMiB, look.host.availableMiB);
    }
    return look;
  }
}

function pressureOf({ first, last, machines, availableMiB }: WatchedPhase): PhasePressure {
  const wallUs = (last.at - first.at) * 1000;
  const share = (what: 'cpu' | 'memory' | 'io' | 'steal', of: number): number | null => {
    const [before, after] = [first.host[what], last.host[what]];
    return before === null || after === null ? null : ratio(after - before, of);
  };
  return {
    cpu: share('cpu', wallUs),
    memory: share('memory', wallUs),
    io: share('io', wallUs),
    steal: share('steal', wallUs * availableParallelism()),
    waited: last.qemu && waitedShare(since(first.qemu, last.qemu), last.at - first.at),
    machines,
    availableMiB,
  };
}

function since(first: ProcessLoad | null, last: ProcessLoad): ProcessLoad {
  return { ran: last.ran - (first?.ran ?? 0), waited: last.waited - (first?.waited ?? 0) };
}

/** A machine that wants less than this of a processor is idle. */
const IDLE = 0.1;
const NS_PER_MS = 1e6;

/**
 * Of the time that QEMU wanted to run, the part in which it had no processor; 0 of a machine that is halted: it wakes up
 * for next to nothing, and waits longer for that than it runs.
 */
export function waitedShare({ ran, waited }: ProcessLoad, elapsedMs: number): number {
  const wanted = ran + waited;
  return wanted < elapsedMs * NS_PER_MS * IDLE ? 0 : ratio(waited, wanted);
}

/** A share from 0 to 1, in thousandths. */
function ratio(part: number, whole: number): number {
  return whole <= 0 ? 0 : Math.round(Math.min(1, Math.max(0, part / whole)) * 1000) / 1000;
}

function least(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : Math.min(one, other);
}
