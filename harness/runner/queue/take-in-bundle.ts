// SPDX-License-Identifier: MIT
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readCellRecord } from '../../bundle/bundle.ts';
import { BundleFolder } from '../../bundle/bundle-folder.ts';
import type { CellRecord } from '../../bundle/cell-record.ts';
import { QueueError, Sub1mError, wordsOf } from '../../errors.ts';
import type { JudgedCell } from '../../matrix/judged-cell.ts';
import { unfinishedIn } from '../../process/unfinished.ts';
import type { CellPayload, CellResult } from '../../queue/payload.ts';
import type { ArtifactStore } from '../../store/artifact-store.ts';
import { unpackArchive } from '../merge/unpack-archive.ts';
import { judgeFolder } from '../judge-folder.ts';

/** Where a bundle goes. */
interface TakeInOptions {
  readonly store: ArtifactStore;
  /** The folder of the run. */
  readonly results: string;
  readonly signal: AbortSignal;
}

/**
 * Takes in the bundle that a worker sent, and judges it by its evidence: what the worker made of it does not count. Throws
 * `QueueError` for one that is not of the cell that was asked for, `InputError` if the store does not have it, and what
 * judging throws.
 */
export async function takeInBundle(
  { sha256, worker }: Extract<CellResult, { kind: 'bundle' }>,
  payload: CellPayload,
  { store, results, signal }: TakeInOptions,
): Promise<JudgedCell> {
  const folder = join(results, payload.id);
  const unfinished = unfinishedIn(results);
  await mkdir(unfinished);
  try {
    const archive = join(unfinished, 'bundle.tar');
    const unpacked = join(unfinished, 'cells');
    await store.get(sha256, archive, signal);
    await mkdir(unpacked);
    await unpackArchive(archive, unpacked, signal);
    const cell = join(unpacked, payload.id);
    await requireAsked(unpacked, payload, worker);
    // Whatever an earlier attempt left.
    await rm(folder, { recursive: true, force: true });
    await rename(cell, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  const judged = await judgeFolder(folder, signal);
  await store.remove(sha256);
  return judged;
}

/** Throws `QueueError` unless there is one bundle, of the cell that was asked for. */
async function requireAsked(unpacked: string, payload: CellPayload, worker: string): Promise<void> {
  const names = await readdir(unpacked);
  if (names.length !== 1 || names[0] !== payload.id) {
    throw new QueueError(
      `Cannot take what worker ${worker} sent: expected the bundle of ${payload.id} alone`,
    );
  }
  const difference = differenceOf(readRecord(join(unpacked, payload.id), worker), payload);
  if (difference === null) return;
  throw new QueueError(
    `Cannot take what worker ${worker} sent for ${payload.id}: its ${difference} is not what was asked for`,
  );
}

function readRecord(folder: string, worker: string): CellRecord {
  try {
    using held = BundleFolder.open(folder);
    return readCellRecord(held);
  } catch (error) {
    if (!(error instanceof Sub1mError)) throw error;
    throw new QueueError(`Cannot take what worker ${worker} sent: ${wordsOf(error)}`, {
      cause: error,
    });
  }
}

/** What of a record is not what was asked for; null if all is. */
function differenceOf(record: CellRecord, asked: CellPayload): string | null {
  const { kernel, machine } = record;
  const pairs = {
    name: [record.id, asked.id],
    specification: [record.spec, asked.spec],
    'known defects': [record.known, asked.known],
    fault: [record.fault, asked.fault],
    'kernel image': [kernel?.imageSha256 ?? asked.kernel.image.sha256, asked.kernel.image.sha256],
    firmware: [machine?.ovmf.sha256 ?? asked.ovmf.code.sha256, asked.ovmf.code.sha256],
  };
  const found = Object.entries(pairs).find(([, [one, other]]) => !isDeepStrictEqual(one, other));
  return found?.[0] ?? null;
}
