// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { requireKernel } from '../kernel/require-kernel.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import type { BisectDocument } from '../report/schema/bisect-schema.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { readEnvironment } from './environment.ts';
import { FAST_FIRMWARE } from '../testing/checked-cells.ts';
import { runSub1m, startSub1m } from '../testing/run-sub1m.ts';
import { stderrLog } from './stderr-log.ts';

// Released kernels that other tests have, too: what else there is would have to be downloaded.
const RANGE = ['--packages', 'debian:5.10..debian:6.12', '--cached'];
const PACKAGES = [...RANGE, '--budget', '3', '--json', ...FAST_FIRMWARE];
const LOCKED = ['--invariant', 'lowmem.locked', '--layout', 'thread-2021', '--crashkernel', '192M'];

beforeAll(async () => {
  const { signal } = new AbortController();
  const context = { ...readEnvironment(process.env), signal, log: stderrLog };
  for (const ref of ['debian:5.10', 'debian:6.1', 'debian:6.12']) await requireKernel(ref, context);
});

function folders({ path }: TempDir): string[] {
  return ['--state', join(path, 'state'), '--results', join(path, 'results')];
}

function usablePages(cell: BisectDocument['before']): number | undefined {
  return cell?.pages.filter(({ observed }) => observed === 'free' || observed === 'used').length;
}

// Seven boots each.
describe('sub1m bisect', { timeout: 900_000 }, () => {
  it('finds the release that fixed the bug of the thread, killed half-way, and repeats no boot', async () => {
    await using temp = await makeTempDir();
    const args = ['bisect', ...PACKAGES, ...LOCKED, ...folders(temp)];
    const killed = startSub1m(args);
    await killed.says(': broken: The system kernel can use 48 pages below 1 MiB');
    killed.child.kill('SIGKILL');
    expect((await killed.ended).status).toBeNull();
    const { status, stdout, stderr } = await runSub1m(args);
    expect(stderr).toContain('bisect: going on; answers so far: 2');
    const found = parseDocument('bisect', stdout);
    expect(found).toMatchObject({
      find: 'fix',
      outcome: {
        kind: 'found',
        before: { id: expect.stringMatching(/^debian:5\.10\./) as string },
        first: { id: expect.stringMatching(/^debian:6\.1\./) as string },
      },
      boots: { earlier: 2 },
    });
    expect([found.before, found.after].map(usablePages)).toEqual([48, 0]);
    const bundles = found.answers.flatMap((answer) => answer.bundles);
    expect(bundles).toHaveLength(found.boots.total);
    expect(bundles.every(existsSync)).toBe(true);
    expect(status).toBe(0);
    const again = await runSub1m(args);
    const { boots } = parseDocument('bisect', again.stdout);
    expect(boots).toMatchObject({ total: found.boots.total, earlier: found.boots.total });
  });

  it('finds the release from which on low memory is no longer given out', async () => {
    await using temp = await makeTempDir();
    const asked = ['--invariant', 'lowmem.released', ...folders(temp)];
    const { status, stdout } = await runSub1m(['bisect', ...PACKAGES, ...asked]);
    const found = parseDocument('bisect', stdout);
    expect(found).toMatchObject({
      find: 'break',
      outcome: { kind: 'found', first: { id: expect.stringMatching(/^debian:6\.1\./) as string } },
    });
    expect([found.before, found.after].map(usablePages)).toEqual([137, 0]);
    expect(status).toBe(0);
  });
});
