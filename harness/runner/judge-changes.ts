// SPDX-License-Identifier: MIT
import { basename, join, resolve } from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import { readCellRecord } from '../bundle/bundle.ts';
import { BundleFolder } from '../bundle/bundle-folder.ts';
import type { CellRecord } from '../bundle/cell-record.ts';
import { VMCORES } from '../bundle/evidence.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import { type KnownDefect, matchKnownDefects } from '../matrix/known-defects.ts';
import {
  type RecordedVerdict,
  type VerdictChange,
  verdictChange,
} from '../matrix/verdict-change.ts';
import type { ShownRun } from '../report/verdict-changes-report.ts';
import { readVerdictDocument } from '../report/schema/read-verdict-document.ts';
import { digestIn, judged } from './judge-folder.ts';
import { type NotJudged, cellFolders, notJudgedFor, requireJudged } from './judge-run.ts';

/** A run, or a cell, that was judged again and left as it is. */
export interface RunAgain extends ShownRun {
  readonly notJudged: readonly NotJudged[];
}

/**
 * Judges the bundles of a run, or of one cell, by today's model and known defects, and says which verdicts are not what
 * is recorded. Nothing is written, and no more than one judgement is in memory. Throws `UsageError` if the folder holds no
 * bundle.
 */
export async function judgeChanges(
  results: string,
  known: readonly KnownDefect[],
  signal: AbortSignal,
): Promise<RunAgain> {
  const startedAt = performance.now();
  const folder = resolve(results);
  const changes: VerdictChange[] = [];
  const unrecorded: string[] = [];
  const notJudged: NotJudged[] = [];
  let [cells, removed] = [0, 0];
  for (const cell of cellFolders(folder)) {
    try {
      const again = await requireJudged(cell, () => judgeAgain(cell, known, signal), signal);
      cells += 1;
      if (again.isRemoved) removed += 1;
      if (again.recorded === undefined) unrecorded.push(again.judged.record.id);
      const change =
        again.recorded && verdictChange(again.recorded, again.judged, manifest.version);
      if (change) changes.push(change);
    } catch (error) {
      notJudged.push(notJudgedFor(cell, error));
    }
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const run = basename(folder);
  return { run, folder, cells, changes, unrecorded, removed, notJudged, seconds };
}

interface JudgedAgain {
  readonly judged: JudgedCell;
  readonly recorded: RecordedVerdict | undefined;
  readonly isRemoved: boolean;
}

async function judgeAgain(
  folder: string,
  known: readonly KnownDefect[],
  signal: AbortSignal,
): Promise<JudgedAgain> {
  using held = BundleFolder.open(folder);
  const recorded = recordedIn(held);
  const record = withKnown(readCellRecord(held), known);
  const vmcore = digestIn(held, record.spec, signal);
  const judgement = await judged({ held, record, vmcore }, signal);
  const isRemoved = held.has('removed/vmcore.json') && !VMCORES.some((file) => held.has(file));
  return { judged: { record, judgement, folder }, recorded, isRemoved };
}

function recordedIn(folder: BundleFolder): RecordedVerdict | undefined {
  const bytes = folder.readMade('verdict.json');
  if (bytes === undefined) return undefined;
  const text = Buffer.from(bytes).toString('utf8');
  return readVerdictDocument(text, join(folder.path, 'verdict.json'));
}

/** The record with today's known defects; of a cell without a kernel none can be told. */
function withKnown(record: CellRecord, known: readonly KnownDefect[]): CellRecord {
  const { kernel, spec } = record;
  return kernel === null
    ? record
    : { ...record, known: matchKnownDefects(known, spec, kernel.release) };
}
