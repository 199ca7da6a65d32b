// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { STANDARD_CELL } from '../../bundle/cell-record.ts';
import { sweepTempDirs } from '../../process/temp-dir.ts';
import type { QueueServer } from '../../queue/connect.ts';
import type { Offer } from '../../queue/offer.ts';
import { workOn } from '../../queue/work.ts';
import type { WorkerEvent } from '../../queue/worker-options.ts';
import type { ArtifactStore } from '../../store/artifact-store.ts';
import { hostOffer } from '../auto-jobs.ts';
import { requireHost } from '../host.ts';
import type { RunnerContext } from '../runner-context.ts';
import { performCell } from './perform-cell.ts';
import { queueVersions } from './queue-versions.ts';

/** What a worker works for, and how. */
export interface WorkerSettings {
  readonly server: QueueServer;
  readonly store: ArtifactStore;
  /** Machines at a time; `auto`: as many as have their processors and memory. */
  readonly jobs: number | 'auto';
  /** Whether to end when nothing waits that this worker can do. */
  readonly drain: boolean;
  readonly leaseMs?: number;
  /** Is told what becomes of its cells. */
  readonly onEvent?: (event: WorkerEvent) => void;
}

/**
 * Runs cells of a queue until the signal fires, or the worker is drained. Gives how many. Throws as `requireHost` does, and
 * `UsageError` if all runs that wait are of another sub1m.
 */
export async function runWorker(
  { store, server, jobs, drain, ...options }: WorkerSettings,
  context: RunnerContext,
): Promise<number> {
  const { signal, log } = context;
  const host = await requireHost(context, { budget: 1 });
  const { kind } = await host.accelerator({ accel: 'auto', ovmf: STANDARD_CELL.ovmf });
  await sweepTempDirs();
  const offer: Offer = { ...offerOf(jobs), kvm: kind === 'kvm' };
  const id = `${hostname().replaceAll(/[^\w-]/g, '-')}-${process.pid}-${randomBytes(3).toString('hex')}`;
  log.info(
    `worker ${id}: ${offer.cpus} CPUs, ${offer.memoryMiB} MiB, ${kind}; waiting for cells of ${server.shown}`,
  );
  return workOn(server, {
    id,
    versions: queueVersions(),
    offer,
    perform: (payload, tools) => {
      log.info(`${payload.id}: begins`, { cell: payload.id });
      return performCell(payload, { host, store, log }, tools);
    },
    drain,
    signal,
    log,
    ...options,
  });
}

/** With a number of machines, each may have all processors: so does `sub1m run --jobs`. */
function offerOf(jobs: number | 'auto'): Omit<Offer, 'kvm'> {
  const { cpus, availableMiB } = hostOffer();
  const memoryMiB = availableMiB ?? Number.MAX_SAFE_INTEGER;
  if (jobs === 'auto') return { machines: cpus, cpus, memoryMiB };
  return { machines: jobs, cpus: cpus * jobs, memoryMiB };
}
