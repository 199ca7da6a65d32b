// SPDX-License-Identifier: MIT
import { rm } from 'node:fs/promises';
import type { CellHost } from '../cell/cell-host.ts';
import type { CellJob } from '../cell/run-cell.ts';
import { findStarvation } from '../check/observe/starved-host.ts';
import { unjudgedRow } from '../check/observe/unjudged-codes.ts';
import type { Kernel } from '../kernel/require-kernel.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import { hostHasRoom } from '../process/host-load.ts';
import type { VmcoreKeeping } from './keep-vmcore.ts';
import { runAndJudge } from './run-and-judge.ts';

/** A cell that may be run twice. */
interface RepeatableJob extends Omit<CellJob, 'onPhase' | 'attempts'> {
  readonly onPhase: (phase: string) => void;
  /** The kernel, looked at again; undefined if the cell cannot be run again. */
  readonly again: () => Promise<Kernel | undefined>;
}

/** Whether the cell is run once more: its emulator or what the host gave it was at fault, and it has had no other try. */
export function isRunAgain({ record, judgement: { verdict } }: JudgedCell): boolean {
  if (verdict.kind !== 'unjudged' || record.attempts.length > 0) return false;
  return unjudgedRow(verdict.code).isRunAgain || findStarvation(record) !== null;
}

/** Runs a cell and judges it, and once more if `isRunAgain`. Throws like `runCell`. */
export async function runRepeatable(
  job: RepeatableJob,
  host: CellHost,
  keeping: VmcoreKeeping,
): Promise<JudgedCell> {
  const { id, folder, signal, onPhase } = job;
  const judged = await runAndJudge(job, host, keeping);
  const { verdict } = judged.judgement;
  if (verdict.kind !== 'unjudged' || !isRunAgain(judged)) return judged;
  const { code } = verdict;
  const [why = ''] = verdict.why.split('\n');
  host.log.info(`${id}: ${why}`);
  if (findStarvation(judged.record) !== null) {
    onPhase('waiting for the host');
    await hostHasRoom(signal);
  }
  const again = await job.again();
  if (!again) return judged;
  await rm(folder, { recursive: true });
  return runAndJudge({ ...job, kernel: again, attempts: [{ code, why }] }, host, keeping);
}
