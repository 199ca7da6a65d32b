// SPDX-License-Identifier: MIT
import { sha256 } from '../process/file-hash.ts';
import type { PlannedCell } from './expand.ts';
import type { KnownDefect } from './known-defects.ts';

/** What judges and predicts: runs of the same have the same version, whatever they are called. */
export interface CodeVersion {
  /** As `sub1m --version` prints it. */
  readonly version: string;
  /** The SHA-256 of the sources that judge: the model is among them. */
  readonly code: string;
  /** The SHA-256 of those of the model and its policies alone. */
  readonly model: string;
}

/** All that a run takes its cells from. */
export interface Whole {
  /** The name of the matrix as the user wrote it; of a command without one, the command's. */
  readonly name: string;
  /** All cells of the matrix. */
  readonly cells: readonly PlannedCell[];
  /** Those of them that all shards together run. */
  readonly planned: readonly PlannedCell[];
  /** `i/n`; null for a run that is no part of another. */
  readonly shard: string | null;
  /** Seconds that the run may take; null for no limit. */
  readonly limit: number | null;
}

/** `plan.json`: what a run is about to do, and what of. */
export interface PlannedRun {
  readonly run: string;
  /** When it began, ISO 8601. */
  readonly at: string;
  readonly sub1m: CodeVersion;
  readonly matrix: {
    readonly name: string;
    /** Of what it asks of its cells, and of the known defects. */
    readonly sha256: string;
    readonly cells: readonly string[];
  };
  readonly shard: string | null;
  readonly limit: number | null;
  readonly repeat: number;
  /** The cells that all shards together run. */
  readonly planned: readonly string[];
  /** Those of this run. */
  readonly chosen: readonly string[];
}

/** What a run is told. */
interface Told {
  readonly run: string;
  readonly at: string;
  readonly sub1m: CodeVersion;
  readonly cells: readonly PlannedCell[];
  readonly known: readonly KnownDefect[];
  readonly repeat: number;
  /** The run's cells alone unless given. */
  readonly whole?: Whole | undefined;
}

/** The plan of a run. */
export function plannedRun({ run, at, sub1m, cells, known, repeat, whole }: Told): PlannedRun {
  const alone = { name: 'cells', cells, planned: cells, shard: null, limit: null };
  const { name, cells: all, planned, shard, limit } = whole ?? alone;
  const content = JSON.stringify([all, known]);
  return {
    run,
    at,
    sub1m,
    matrix: { name, sha256: sha256(content), cells: all.map(idOf) },
    shard,
    limit,
    repeat,
    planned: planned.map(idOf),
    chosen: cells.map(idOf),
  };
}

function idOf({ id }: PlannedCell): string {
  return id;
}

/** The name of a cell's repeat, counted from 1: the first has the cell's own. */
export function repeatId(cell: string, repeat: number): string {
  return repeat === 1 ? cell : `${cell}.repeat-${repeat}`;
}
