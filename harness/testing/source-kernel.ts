// SPDX-License-Identifier: MIT
import { beforeAll } from 'vitest';
import { runSub1m } from './run-sub1m.ts';

/** The kernel built from source that machine tests share. */
export const TWO_PHASE = 'recipe:two-phase-6.12';

/** A source is downloaded, unpacked and compiled where the cache has none: ten minutes on two busy cores. */
const BUILD_MS = 30 * 60_000;

/** Has `TWO_PHASE` built before the tests of a file: the time of a build is no test's. */
export function buildTwoPhase(): void {
  beforeAll(async () => {
    const { status, stderr } = await runSub1m(['build', TWO_PHASE]);
    if (status !== 0) throw new Error(stderr);
  }, BUILD_MS);
}
