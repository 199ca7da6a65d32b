// SPDX-License-Identifier: MIT
/** Cells for tests of queues, which a worker only seems to run. */
import { STANDARD_CELL } from '../../bundle/cell-record.ts';
import { silentLog } from '../../log.ts';
import { sha256 } from '../../process/file-hash.ts';
import { type AskOptions, AskedRun, type AskedCell } from '../ask.ts';
import type { QueueServer } from '../connect.ts';
import type { Needs, Offer } from '../offer.ts';
import { type CellPayload, QUEUE_VERSION } from '../payload.ts';
import type { Versions } from '../registry.ts';

/** A sub1m. */
export const VERSIONS: Versions = {
  queue: QUEUE_VERSION,
  sub1m: '0.1.0',
  code: sha256('code'),
  model: sha256('model'),
};

export const NEEDS: Needs = { cpus: 1, memoryMiB: 512, kvm: false };
export const OFFER: Offer = { machines: 1, cpus: 64, memoryMiB: 65_536, kvm: false };

/** What a worker is asked of the cell with that number. */
function payloadOf(nr: number): CellPayload {
  const file = { name: 'file', sha256: sha256('file') };
  return {
    schema: QUEUE_VERSION,
    id: `cell-${nr}`,
    spec: { ...STANDARD_CELL, kernel: `kernel-${nr}` },
    kernel: { release: '6.12', package: null, image: file, modules: [] },
    ovmf: { code: file, vars: file, description: 'OVMF' },
    layout: null,
    known: [],
    fault: null,
    keep: 'all',
    keepMemory: false,
    budget: 1,
  };
}

/** So many cells, numbered from `first`. */
export function askedCells(count: number, needs = NEEDS, first = 0): AskedCell[] {
  return Array.from({ length: count }, (_, at) => ({
    job: sha256(`cell-${first + at}`),
    needs,
    payload: payloadOf(first + at),
  }));
}

/** A run that notes its answers. */
export function askedRun(
  server: QueueServer,
  options: Partial<AskOptions> = {},
): { readonly run: AskedRun; readonly answers: Map<string, unknown[]> } {
  const answers = new Map<string, unknown[]>();
  const run = new AskedRun(server, {
    run: { key: 'run-1', name: 'run', priority: 0, cells: 0 },
    versions: VERSIONS,
    onAnswer: (job, result) => {
      answers.set(job, [...(answers.get(job) ?? []), result]);
      return Promise.resolve();
    },
    onActive: () => {},
    signal: new AbortController().signal,
    log: silentLog,
    ...options,
  });
  return { run, answers };
}

/** A bundle that is none. */
export const BUNDLE = { kind: 'bundle', sha256: sha256('bundle'), bytes: 1 } as const;
