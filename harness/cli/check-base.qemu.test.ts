// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import type { RunDocument } from '../report/schema/run-schema.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { FAST_FIRMWARE } from '../testing/checked-cells.ts';
import { runSub1m } from '../testing/run-sub1m.ts';

/** Looks at ownership without crashkernel; gives the exit status and the document. */
async function compare(
  kernel: string,
  base: string,
): Promise<{ status: number | null; document: RunDocument }> {
  await using temp = await makeTempDir();
  const results = join(temp.path, 'results');
  const cell = ['--trigger', 'none', '--crashkernel', 'none', '--results', results, '--json'];
  const args = ['check', kernel, '--base', base, ...cell, ...FAST_FIRMWARE];
  const { status, stdout, stderr } = await runSub1m(args);
  if (stdout === '') throw new Error(stderr);
  return { status, document: parseDocument('run', stdout) };
}

describe('sub1m check --base', () => {
  it('finds no difference between a kernel and itself, and runs it once', async () => {
    const { status, document } = await compare('debian:6.12', 'debian:6.12');
    expect(document).toMatchObject({ base: { sameImage: true, cells: [] }, changes: [] });
    expect([status, document.cells.length]).toEqual([0, 1]);
  });

  it('says what 6.12 does otherwise than 5.10: low memory is reserved for ever', async () => {
    const { status, document } = await compare('debian:6.12', 'debian:5.10');
    const [change] = document.changes ?? [];
    expect(change?.pages).toContainEqual({ pages: ['0x10-0x97'], from: 'free', to: 'reserved' });
    expect(status).toBe(0);
  });
});
