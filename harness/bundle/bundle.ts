// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import { parseJsonFile } from '../json-file.ts';
import type { BundleFolder } from './bundle-folder.ts';
import { type CellRecord, STANDARD_CELL, cellRecordSchema } from './cell-record.ts';
import { EVIDENCE, EVIDENCE_FILES, type EvidenceFile } from './evidence.ts';

/** The evidence of one cell in memory: the files that are judged, without the vmcore. */
export interface Bundle {
  readonly folder: string;
  readonly cell: CellRecord;
  readonly files: ReadonlyMap<EvidenceFile, Uint8Array>;
}

/**
 * Reads the bundle of a cell. A file that is missing is left out: a cell that ended early lacks what comes later, and
 * `check/` reports that as unseen. Throws `UsageError` if there is no `cell.json`, `FormatError` for one that is not
 * what it must be, and for what no cell leaves: a link, a folder in place of a file, a file that is too large. A record
 * that was read before is not read again.
 */
export function readBundle(folder: BundleFolder, cell = readCellRecord(folder)): Bundle {
  const files = new Map<EvidenceFile, Uint8Array>();
  for (const file of EVIDENCE_FILES.filter((name) => EVIDENCE[name].judged)) {
    const bytes = folder.read(file, cell.spec);
    if (bytes) files.set(file, bytes);
  }
  return { folder: folder.path, cell, files };
}

/** Reads `cell.json`; throws as `readBundle()` does. */
export function readCellRecord(folder: BundleFolder): CellRecord {
  const path = join(folder.path, 'cell.json');
  // How large it can be is the same for every cell.
  const bytes = folder.read('cell.json', STANDARD_CELL);
  if (bytes === undefined) {
    throw new UsageError(`Cannot read ${path}: not a cell's folder; name a folder under results/`);
  }
  return parseJsonFile(Buffer.from(bytes).toString('utf8'), path, {
    name: 'cell record',
    schema: cellRecordSchema,
    advice: 'run the cell again, or judge it with the sub1m that wrote it',
  });
}
