// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { runKilledQueue } from '../testing/killed-queue.ts';
import { buildTwoPhase } from '../testing/source-kernel.ts';

buildTwoPhase();

it(
  '200 cells and 4 workers, of which 10 die: the verdicts of a local run, each once',
  { timeout: 3_600_000 },
  async () => {
    const seen = await runKilledQueue({ cells: 200, workers: 4, kills: 10, lease: 6 });
    expect(seen.status).toBe(0);
    expect(seen.verdicts).toHaveLength(200);
    expect(seen.verdicts).toEqual(seen.local);
    expect(new Set(seen.ended).size).toBe(seen.ended.length);
    expect(seen.orphans).toEqual([]);
    expect(seen.leftInStore).toBeLessThanOrEqual(2);
  },
);
