// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readCellRecord } from '../bundle/bundle.ts';
import { BundleFolder } from '../bundle/bundle-folder.ts';
import type { Phase } from '../bundle/cell-record.ts';
import { evidencePath, vmcoreFile } from '../bundle/evidence.ts';
import type { CellHost } from '../cell/cell-host.ts';
import { DEAD_MEMORY } from '../cell/post-mortem.ts';
import { type CellJob, runCell } from '../cell/run-cell.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import { judgeUntold } from '../check/judge-untold.ts';
import { fromSystemError, wordsOf } from '../errors.ts';
import { readyThread } from '../process/run-in-thread.ts';
import { DIGEST_FILE, digestIn, judgeFolder } from './judge-folder.ts';
import { readyToJudge } from './judge-thread.ts';
import { noteChange } from './note-change.ts';
import { KEEP_ALL, type VmcoreKeeping, settleVmcore } from './keep-vmcore.ts';
import { packVmcore } from './unpack-vmcore.ts';

/**
 * Runs a cell and judges it. Its vmcore is read while the machine is switched off and its memory hashed, and packed then if
 * all are kept, each by itself; else it is stored or removed when there is a verdict. A cell that has run and cannot be
 * judged is unjudged, and its vmcore stays. Throws like `runCell`.
 */
export async function runAndJudge(
  job: CellJob,
  host: CellHost,
  keeping: VmcoreKeeping = KEEP_ALL,
): Promise<JudgedCell> {
  const { folder, signal } = job;
  const { log } = host;
  const vmcore = evidencePath(folder, 'vmcore');
  if (job.spec.vmcore !== 'none') readyThread(DIGEST_FILE);
  readyToJudge();
  let digest: ReturnType<typeof digestOf> | undefined;
  let packing: Promise<void> | undefined;
  const read = (): void => {
    if (digest || !existsSync(vmcore)) return;
    digest = digestOf(job);
    if (keeping === KEEP_ALL && vmcoreFile(job.spec) !== 'vmcore') {
      packing = packVmcore(vmcore, signal);
    }
    // Failures surface where these promises are awaited.
    void Promise.allSettled([digest, packing]);
  };
  const onPhase = (phase: Phase): void => {
    job.onPhase(phase);
    if (phase === 'off') read();
  };
  const record = await runCell({ ...job, onPhase }, host);
  read();
  try {
    const memory = join(folder, DEAD_MEMORY);
    if (existsSync(memory)) await packed(memory, packVmcore(memory, signal), host);
    const first = await judgeFolder(folder, signal, digest);
    const judged = (await noteChange(first)) ? await judgeFolder(folder, signal, digest) : first;
    if (packing) await packed(vmcore, packing, host);
    const fresh = packing ? undefined : await digest;
    if (fresh) await settleVmcore(judged, keeping, { path: vmcore, digest: fresh, signal, log });
    return judged;
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const error = fromSystemError(thrown, `judge ${folder}`);
    return { record, judgement: judgeUntold(record, error), folder };
  }
}

/**
 * Judges what a cell left whose program was killed before it had judged it, and settles its vmcore. Throws like
 * `judgeFolder`.
 */
export async function judgeLeft(
  folder: string,
  keeping: VmcoreKeeping,
  { signal, log }: Pick<CellJob, 'signal'> & Pick<CellHost, 'log'>,
): Promise<JudgedCell> {
  const path = evidencePath(folder, 'vmcore');
  if (!existsSync(path)) return judgeFolder(folder, signal);
  using held = BundleFolder.open(folder);
  const digest = await digestIn(held, readCellRecord(held).spec, signal);
  const judged = await judgeFolder(folder, signal, Promise.resolve(digest));
  if (digest) await settleVmcore(judged, keeping, { path, digest, signal, log });
  return judged;
}

async function digestOf({ folder, spec, signal }: CellJob): ReturnType<typeof digestIn> {
  using held = BundleFolder.open(folder);
  return await digestIn(held, spec, signal);
}

/** Waits until a file is packed, and removes it; one that cannot be packed stays as it is. */
async function packed(path: string, packing: Promise<void>, { log }: CellHost): Promise<void> {
  try {
    await packing;
    await rm(path);
  } catch (error) {
    log.warn(`${path} stays unpacked: ${wordsOf(error)}`);
  }
}
