// SPDX-License-Identifier: MIT
import type { Log } from '../log.ts';
import type { Offer } from './offer.ts';
import type { CellPayload, CellResult } from './payload.ts';
import type { Versions } from './registry.ts';

/** What becomes of a cell that a worker has. */
export type WorkerEvent =
  | { readonly kind: 'begin'; readonly run: string; readonly job: string }
  /** Its machine is off: what is left is to send its bundle. At most once, before its end. */
  | { readonly kind: 'off'; readonly run: string; readonly job: string }
  | {
      readonly kind: 'end';
      readonly run: string;
      readonly job: string;
      readonly end: CellEnding;
      readonly seconds: number;
    };

/** How a worker got rid of a cell: by a bundle, by saying why there is none, or without an answer. */
export type CellEnding = CellResult['kind'] | 'lost' | 'returned' | 'failed';

/** What a cell is run with. */
export interface CellTools {
  /** Fires when nobody waits for the cell any more. */
  readonly signal: AbortSignal;
  readonly onPhase: (phase: string) => void;
  /** Its machine is gone, and only its bundle is to be sent: the next may begin. */
  readonly onOff: () => void;
}

/** What a worker does, and for whom. */
export interface WorkerOptions {
  /** Its name: no other worker has it. */
  readonly id: string;
  readonly versions: Versions;
  readonly offer: Offer;
  readonly perform: (payload: CellPayload, tools: CellTools) => Promise<Omit<CellBundle, 'worker'>>;
  /** Whether to end as soon as nothing waits that this worker can do. */
  readonly drain: boolean;
  /** Ends the worker: cells that it runs are given back. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Is told what becomes of its cells. */
  readonly onEvent?: (event: WorkerEvent) => void;
  /** `LEASE_MS` unless given. */
  readonly leaseMs?: number;
}

type CellBundle = Extract<CellResult, { kind: 'bundle' }>;
