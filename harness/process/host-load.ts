// SPDX-License-Identifier: MIT
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** How long something of this host has waited so far; null where its kernel does not say. */
export interface HostLoad {
  /** Microseconds in which at least one task waited for a processor (Documentation/accounting/psi.rst). */
  readonly cpu: number | null;
  /** Microseconds in which all tasks waited for memory, or for a disk. */
  readonly memory: number | null;
  readonly io: number | null;
  /** Microseconds that the processors were taken away by a hypervisor, of all processors together (proc_stat(5)). */
  readonly steal: number | null;
  /** Memory that a program can still have, MiB (proc_meminfo(5), MemAvailable). */
  readonly availableMiB: number | null;
}

/** How long a process has run, and how long it waited for a processor that it wanted, ns, over all its threads. */
export interface ProcessLoad {
  readonly ran: number;
  readonly waited: number;
}

/** Microseconds of a tick of `/proc/stat` (USER_HZ, 100 on x86-64). */
const TICK_US = 10_000;

/** What this host has done so far. */
export function readHostLoad(): HostLoad {
  return {
    cpu: stalled('cpu', 'some'),
    memory: stalled('memory', 'full'),
    io: stalled('io', 'full'),
    steal: stealOf(readProc('stat')),
    availableMiB: availableOf(readProc('meminfo')),
  };
}

/** How much of the last ten seconds some task waited, and how long to wait for less of it, ms, and between two looks. */
const [ROOM_SHARE, ROOM_MS, ROOM_LOOK_MS] = [50, 120_000, 2_000] as const;

/** Waits until hardly any task has to wait for a processor, but not for ever. Throws when the signal fires. */
export async function hostHasRoom(signal: AbortSignal): Promise<void> {
  for (let waited = 0; waited < ROOM_MS; waited += ROOM_LOOK_MS) {
    const share = numberIn(readProc('pressure/cpu'), /^some avg10=(\d+\.\d+)/m);
    if (share === null || share < ROOM_SHARE) return;
    await delay(ROOM_LOOK_MS, undefined, { signal });
  }
}

/** Share of the last ten seconds in which all tasks waited for memory, %: a host where they do gets no more work. */
const SHORT_SHARE = 10;

/** Whether the host has not that much memory left, MiB, or its tasks wait for what they have. */
export function hostIsShort(memoryMiB: number): boolean {
  const availableMiB = availableOf(readProc('meminfo'));
  const share = numberIn(readProc('pressure/memory'), /^full avg10=(\d+\.\d+)/m);
  return (availableMiB ?? Infinity) < memoryMiB || (share ?? 0) > SHORT_SHARE;
}

/** The waits of a process (Documentation/scheduler/sched-stats.rst); null if it is gone, or the kernel does not say. */
export function readProcessLoad(pid: number): ProcessLoad | null {
  let [ran, waited] = [0, 0];
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const [run = Number.NaN, wait = Number.NaN] = readProc(`${pid}/task/${thread}/schedstat`)
        .split(' ')
        .map(Number);
      [ran, waited] = [ran + run, waited + wait];
    }
  } catch {
    return null;
  }
  return Number.isFinite(ran + waited) ? { ran, waited } : null;
}

function stalled(resource: string, who: 'some' | 'full'): number | null {
  return stallOf(readProc(`pressure/${resource}`), who);
}

/** The total of a line of `/proc/pressure/<resource>`, in microseconds. */
export function stallOf(text: string, who: 'some' | 'full'): number | null {
  return numberIn(text, new RegExp(`^${who} .*total=(\\d+)$`, 'm'));
}

/** The time that `/proc/stat` calls stolen, in microseconds: the eighth number of its first line. */
export function stealOf(stat: string): number | null {
  const ticks = numberIn(stat, /^cpu +(?:\d+ ){7}(\d+)/);
  return ticks === null ? null : ticks * TICK_US;
}

function availableOf(meminfo: string): number | null {
  const kib = numberIn(meminfo, /^MemAvailable: +(\d+) kB$/m);
  return kib === null ? null : Math.floor(kib / 1024);
}

function numberIn(text: string, pattern: RegExp): number | null {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? null : Number(found);
}

/** A file of `/proc`; empty if it is not there. */
function readProc(name: string): string {
  try {
    return readFileSync(`/proc/${name}`, 'latin1');
  } catch {
    return '';
  }
}
