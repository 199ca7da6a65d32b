// SPDX-License-Identifier: MIT
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError, UsageError } from '../errors.ts';
import { type CellRecord, cellRecordSchema } from './cell-record.ts';

/** Folders of a bundle that hold evidence in small files. */
const EVIDENCE_FOLDERS = ['system', 'load', 'jump', 'capture'] as const;

/** No evidence file but the vmcore is larger than this, in bytes; a larger one is not what it should be. */
const EVIDENCE_LIMIT = 64 * 1024 * 1024;

/** The evidence of one cell, read into memory: all of it but the vmcore. */
export interface Bundle {
  readonly folder: string;
  readonly cell: CellRecord;
  /** Evidence files by their path in the bundle, e.g. `system/iomem`, `console.log`. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** The text of an evidence file, or undefined if the cell did not leave it. Bytes that are no UTF-8 become U+FFFD. */
export function bundleText(bundle: Bundle, path: string): string | undefined {
  const bytes = bundle.files.get(path);
  return bytes && new TextDecoder().decode(bytes);
}

/** Reads a cell's folder. Throws `UsageError` if it is none, `FormatError` if `cell.json` is not what it must be. */
export async function readBundle(folder: string): Promise<Bundle> {
  const cell = await readCellRecord(folder);
  const files = new Map<string, Uint8Array>();
  for (const name of ['console.log', 'tap.log', 'timeline.jsonl', 'personality.log'])
    await readEvidence(folder, name, files);
  for (const sub of EVIDENCE_FOLDERS) {
    for (const name of await namesIn(join(folder, sub)))
      await readEvidence(folder, `${sub}/${name}`, files);
  }
  return { folder, cell, files };
}

async function readCellRecord(folder: string): Promise<CellRecord> {
  const path = join(folder, 'cell.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: not a cell's folder; name a folder under results/`, {
      cause: error,
    });
  }
  try {
    return cellRecordSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new FormatError(
      `Cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch {
    return [];
  }
}

async function readEvidence(
  folder: string,
  name: string,
  files: Map<string, Uint8Array>,
): Promise<void> {
  const path = join(folder, name);
  try {
    const info = await stat(path);
    if (info.isFile() && info.size <= EVIDENCE_LIMIT) files.set(name, await readFile(path));
  } catch {
    // A cell that ended early lacks what came later; `check/` reports each as unseen.
  }
}
