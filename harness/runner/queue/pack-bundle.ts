// SPDX-License-Identifier: MIT
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';
import { EVIDENCE_FILES, evidencePath } from '../../bundle/evidence.ts';

/** Packs the evidence of a cell into a tar, in which its folder has the name of the cell. What was made from it stays out. */
export async function packBundle(
  folder: string,
  { id, to, signal }: { readonly id: string; readonly to: string; readonly signal: AbortSignal },
): Promise<void> {
  const tar = pack();
  const writing = pipeline(tar, createWriteStream(to, { flags: 'wx' }), { signal });
  const filling = fill(tar, folder, id);
  await Promise.all([filling, writing]);
}

async function fill(tar: Pack, folder: string, id: string): Promise<void> {
  try {
    for (const file of EVIDENCE_FILES) {
      const path = evidencePath(folder, file);
      const info = await stat(path).catch(() => undefined);
      if (info === undefined) continue;
      const entry = tar.entry({ name: `${id}/${file}`, size: info.size });
      await pipeline(createReadStream(path, { end: Math.max(0, info.size - 1) }), entry);
    }
    tar.finalize();
  } catch (error) {
    tar.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}
