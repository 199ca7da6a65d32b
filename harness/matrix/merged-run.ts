// SPDX-License-Identifier: MIT
import type { JudgedCell } from './judged-cell.ts';
import type { PlannedRun } from './planned-run.ts';

/** A run as its results folder has it. */
export interface SourceRun {
  readonly run: string;
  /** Its folder, or where it is in an archive. */
  readonly source: string;
  /** What it was about to do; null of a run by an older sub1m, which did not write it down. */
  readonly plan: PlannedRun | null;
  readonly cells: readonly JudgedCell[];
  /** Cells that left something from which nothing follows. */
  readonly notJudged: readonly { readonly cell: string; readonly why: string }[];
}

/** Something that was to be merged and is not: a folder, an archive, a bundle. */
export interface Unread {
  readonly source: string;
  readonly why: string;
}

/** A cell that was to be run, and of which nothing is known. */
export interface MissingCell {
  readonly cell: string;
  readonly why: string;
}

/**
 * A cell that was run more than once. `flaky`: judged otherwise with the same kernel image, firmware and accelerator.
 * `differs`: otherwise, but not with the same, or one could not be judged.
 */
export interface RepeatedSample {
  readonly cell: string;
  /** The ids of its runs in the merged run. */
  readonly samples: readonly string[];
  readonly agreement: 'same' | 'differs' | 'flaky';
}

/** How runs were merged into one. */
export interface Merge {
  readonly runs: readonly SourceRun[];
  readonly unread: readonly Unread[];
  /** What else a reader must know: what was given twice, which plans are not known. */
  readonly notes: readonly string[];
  /** How code, model or matrix of the runs differ; empty unless the user wanted to merge them all the same. */
  readonly mixed: readonly string[];
  /** Shards of which no run was given, `i/n`. */
  readonly absentShards: readonly string[];
  readonly missing: readonly MissingCell[];
  readonly repeats: readonly RepeatedSample[];
}
