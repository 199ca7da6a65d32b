// SPDX-License-Identifier: MIT
import type { Phase } from '../bundle/cell-record.ts';
import type { CellHost } from '../cell/cell-host.ts';
import { type CellJob, runCell } from '../cell/run-cell.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import type { VmcoreDigest } from '../vmcore/vmcore-digest.ts';
import { digestIn, judgeFolder } from './judge-folder.ts';

/** Runs a cell and judges it; its vmcore is read while the machine is switched off and its memory is hashed. */
export async function runAndJudge(job: CellJob, host: CellHost): Promise<JudgedCell> {
  const { folder, signal } = job;
  let digest: Promise<VmcoreDigest | undefined> | undefined;
  const onPhase = (phase: Phase): void => {
    job.onPhase(phase);
    if (phase !== 'off') return;
    digest = digestIn(folder, signal);
    // Who judges sees why there is none.
    digest.catch(() => {});
  };
  await runCell({ ...job, onPhase }, host);
  return judgeFolder(folder, signal, digest);
}
