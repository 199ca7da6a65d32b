// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type EvidenceFile, evidencePath } from '../bundle/evidence.ts';

/** Puts a file into a bundle. */
export async function writeEvidence(
  bundle: string,
  file: EvidenceFile,
  content: string | Uint8Array,
): Promise<void> {
  const path = await evidencePlace(bundle, file);
  await writeFile(path, content);
}

/** The path of a file in a bundle, for others to write; makes its folder. */
export async function evidencePlace(bundle: string, file: EvidenceFile): Promise<string> {
  const path = evidencePath(bundle, file);
  await mkdir(dirname(path), { recursive: true });
  return path;
}
