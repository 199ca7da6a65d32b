// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SCHEMA_VERSION } from '../bundle/cell-record.ts';
import { type Bundle, readBundle } from '../bundle/bundle.ts';
import { judgeBundle } from '../check/judge-bundle.ts';
import type { Judgement } from '../check/judgement.ts';
import { judgeUntold } from '../check/judge-untold.ts';
import { Sub1mError, fromSystemError } from '../errors.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import { runInThread, threadModule } from '../process/run-in-thread.ts';
import { verdictDocument } from '../report/verdict-document.ts';
import type { VmcoreDigest } from '../vmcore/vmcore-digest.ts';
import { findVmcore } from './vmcore-file.ts';
import { evidencePath } from '../bundle/evidence.ts';

/**
 * Judges the bundle in `folder` from its evidence alone, and leaves `observation.json`, `prediction.json` and
 * `verdict.json` beside it. The same bundle gives the same judgement. A bug of ours makes it unjudged; any other error is
 * thrown.
 */
export async function judgeFolder(
  folder: string,
  signal: AbortSignal,
  digest = digestIn(folder, signal),
): Promise<JudgedCell> {
  // It may fail before it is awaited.
  digest.catch(() => {});
  const bundle = await readBundle(folder);
  const judgement = await judged(bundle, digest);
  await writeJudgement(folder, judgement);
  return { record: bundle.cell, judgement, folder };
}

/** A bug of ours that a bundle brings to light is no verdict, and ends no run. */
async function judged(
  bundle: Bundle,
  digest: Promise<VmcoreDigest | undefined>,
): Promise<Judgement> {
  try {
    return judgeBundle(bundle, await digest);
  } catch (thrown) {
    const error = fromSystemError(thrown, `judge ${bundle.folder}`);
    if (error instanceof Sub1mError) throw error;
    return judgeUntold(bundle.cell, error);
  }
}

async function writeJudgement(folder: string, judgement: Judgement): Promise<void> {
  const documents = {
    observation: { schema: SCHEMA_VERSION, ...judgement.observation },
    prediction: { schema: SCHEMA_VERSION, ...judgement.prediction },
    verdict: verdictDocument(judgement),
  };
  for (const [name, document] of Object.entries(documents)) {
    await writeFile(join(folder, `${name}.json`), `${JSON.stringify(document, null, 1)}\n`);
  }
}

/** What reads a vmcore, in a thread. */
export const DIGEST_FILE = threadModule('runner/digest-file');

/** The vmcore, read in a thread of its own; undefined if the cell left none. */
export async function digestIn(
  folder: string,
  signal: AbortSignal,
): Promise<VmcoreDigest | undefined> {
  await using vmcore = await findVmcore(evidencePath(folder, 'vmcore'), signal);
  if (!vmcore) return undefined;
  const call = { module: DIGEST_FILE, name: 'digestFile', argument: vmcore.path };
  return await runInThread<VmcoreDigest>(call, signal);
}
