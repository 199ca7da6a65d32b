// SPDX-License-Identifier: MIT
import { readFile, stat } from 'node:fs/promises';
import { parseJsonFile } from '../json-file.ts';
import { readInput } from '../process/read-input.ts';
import { type CellRecord, cellRecordSchema } from './cell-record.ts';
import { EVIDENCE, EVIDENCE_FILES, type EvidenceFile, evidencePath } from './evidence.ts';

/** The largest evidence file that is judged, in bytes; a larger one is not what it claims to be. */
const EVIDENCE_LIMIT = 64 * 1024 * 1024;

/** The evidence of one cell in memory: the files that are judged, without the vmcore. */
export interface Bundle {
  readonly folder: string;
  readonly cell: CellRecord;
  readonly files: ReadonlyMap<EvidenceFile, Uint8Array>;
}

/** Reads a cell's folder. Throws `UsageError` if it is none, `FormatError` if `cell.json` is not what it must be. */
export async function readBundle(folder: string): Promise<Bundle> {
  const cell = await readCellRecord(folder);
  const files = new Map<EvidenceFile, Uint8Array>();
  for (const file of EVIDENCE_FILES.filter((name) => EVIDENCE[name].judged)) {
    const bytes = await readEvidence(evidencePath(folder, file));
    if (bytes) files.set(file, bytes);
  }
  return { folder, cell, files };
}

async function readCellRecord(folder: string): Promise<CellRecord> {
  const path = evidencePath(folder, 'cell.json');
  const missing = (): string =>
    `Cannot read ${path}: not a cell's folder; name a folder under results/`;
  const text = await readInput(path, { missing });
  return parseJsonFile(text, path, {
    name: 'cell record',
    schema: cellRecordSchema,
    advice: 'run the cell again, or judge it with the sub1m that wrote it',
  });
}

/** Undefined if the file is missing: a cell that ended early lacks what comes later, and `check/` reports that as unseen. */
async function readEvidence(path: string): Promise<Uint8Array | undefined> {
  try {
    const info = await stat(path);
    return info.isFile() && info.size <= EVIDENCE_LIMIT ? await readFile(path) : undefined;
  } catch {
    return undefined;
  }
}
