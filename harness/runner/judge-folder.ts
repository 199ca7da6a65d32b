// SPDX-License-Identifier: MIT
import { readCellRecord } from '../bundle/bundle.ts';
import { BundleFolder } from '../bundle/bundle-folder.ts';
import { type CellRecord, type CellSpec, SCHEMA_VERSION } from '../bundle/cell-record.ts';
import { VMCORES } from '../bundle/evidence.ts';
import type { Judgement } from '../check/judgement.ts';
import { judgeUntold } from '../check/judge-untold.ts';
import { Sub1mError, fromSystemError } from '../errors.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import { runInThread, threadModule } from '../process/run-in-thread.ts';
import { asciiJson } from '../memory/ascii-json.ts';
import { verdictDocument } from '../report/verdict-document.ts';
import type { VmcoreDigest } from '../vmcore/vmcore-digest.ts';
import type { EvidenceToJudge } from './judge-evidence.ts';
import { JUDGE_EVIDENCE } from './judge-thread.ts';
import { removedDigest } from './removed-vmcore.ts';
import { findVmcoreIn } from './vmcore-file.ts';

/** Like `judgeFolder`, but leaves nothing: the folder may be somebody else's to write to. */
export async function judgeOnly(folder: string, signal: AbortSignal): Promise<JudgedCell> {
  using held = BundleFolder.open(folder);
  return await judgeHeld({ held, folder }, signal);
}

/**
 * Judges the bundle in `folder` from its evidence alone, and leaves `observation.json`, `prediction.json` and
 * `verdict.json` beside it. The same bundle gives the same judgement. A bug of ours makes it unjudged; any other error is
 * thrown.
 */
export async function judgeFolder(
  folder: string,
  signal: AbortSignal,
  digest?: Promise<VmcoreDigest | undefined>,
): Promise<JudgedCell> {
  // It may fail before it is awaited.
  digest?.catch(() => {});
  using held = BundleFolder.open(folder);
  const cell = await judgeHeld({ held, folder }, signal, digest);
  // Here and not in the thread, which the signal ends wherever it is.
  writeJudgement(held, cell.judgement);
  return cell;
}

async function judgeHeld(
  { held, folder }: { readonly held: BundleFolder; readonly folder: string },
  signal: AbortSignal,
  digest?: Promise<VmcoreDigest | undefined>,
): Promise<JudgedCell> {
  const record = readCellRecord(held);
  const vmcore = digest ?? digestIn(held, record.spec, signal);
  return { record, judgement: await judged({ held, record, vmcore }, signal), folder };
}

/** A bundle that is held open, to be judged by this record of its cell. */
interface Asked {
  readonly held: BundleFolder;
  readonly record: CellRecord;
  readonly vmcore: Promise<VmcoreDigest | undefined>;
}

/** A bug of ours that a bundle brings to light is no verdict, and ends no run. */
export async function judged(
  { held, record, vmcore }: Asked,
  signal: AbortSignal,
): Promise<Judgement> {
  const { path, place } = held;
  try {
    const argument: EvidenceToJudge = { folder: { path, place }, record, vmcore: await vmcore };
    const call = { module: JUDGE_EVIDENCE, name: 'judgeEvidence', argument };
    return await runInThread<Judgement>(call, signal);
  } catch (thrown) {
    const error = fromSystemError(thrown, `judge ${path}`);
    if (error instanceof Sub1mError) throw error;
    return judgeUntold(record, error);
  }
}

function writeJudgement(folder: BundleFolder, judgement: Judgement): void {
  const documents = {
    'observation.json': { schema: SCHEMA_VERSION, ...judgement.observation },
    'prediction.json': { schema: SCHEMA_VERSION, ...judgement.prediction },
    'verdict.json': verdictDocument(judgement),
  } as const;
  for (const [name, document] of Object.entries(documents)) {
    folder.replace(name as keyof typeof documents, `${asciiJson(document, 1)}\n`);
  }
}

/** What reads a vmcore, in a thread. */
export const DIGEST_FILE = threadModule('runner/digest-file');

/** The vmcore, read in a thread of its own, or what is left of one that was removed; undefined if the cell left none. */
export async function digestIn(
  folder: BundleFolder,
  spec: CellSpec,
  signal: AbortSignal,
): Promise<VmcoreDigest | undefined> {
  await using vmcore = await findVmcoreIn(folder, { files: VMCORES, spec }, signal);
  if (!vmcore) return removedDigest(folder, spec);
  const call = { module: DIGEST_FILE, name: 'digestFile', argument: vmcore.path };
  return await runInThread<VmcoreDigest>(call, signal);
}
