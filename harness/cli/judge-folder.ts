// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SCHEMA_VERSION } from '../bundle/cell-record.ts';
import { readBundle } from '../bundle/bundle.ts';
import { judgeBundle } from '../check/judge-bundle.ts';
import type { Judgement } from '../check/judgement.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import type { ByteSource } from '../vmcore/byte-source.ts';
import { openFile } from './open-file.ts';

/**
 * Judges the bundle in `folder` from its evidence alone, and leaves `observation.json`, `prediction.json` and
 * `verdict.json` beside it. The same bundle gives the same judgement.
 */
export async function judgeFolder(folder: string): Promise<JudgedCell> {
  const bundle = await readBundle(folder);
  using vmcore = openVmcore(join(folder, 'vmcore'));
  const judgement = judgeBundle(bundle, vmcore);
  await writeJudgement(folder, judgement);
  return { record: bundle.cell, judgement, folder };
}

async function writeJudgement(folder: string, judgement: Judgement): Promise<void> {
  const { observation, prediction, ...verdict } = judgement;
  for (const [name, part] of Object.entries({ observation, prediction, verdict })) {
    const document = { schema: SCHEMA_VERSION, ...part };
    await writeFile(join(folder, `${name}.json`), `${JSON.stringify(document, null, 1)}\n`);
  }
}

/** The vmcore, or undefined if the cell left none. */
function openVmcore(path: string): (ByteSource & Disposable) | undefined {
  return existsSync(path) ? openFile(path) : undefined;
}
