// SPDX-License-Identifier: MIT
import { cp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { VmcoresKept } from '../bundle/removed-vmcore.ts';
import type { FaultOutcome, Verdict } from '../check/judgement.ts';
import { silentLog } from '../log.ts';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { projectPath } from '../project-root.ts';
import { heardLog } from '../process/testing/heard-log.ts';
import { digestOf, wholeDump } from '../vmcore/testing/flattened-builder.ts';
import { type VmcoreKeeping, isKept, settleVmcore } from './keep-vmcore.ts';
import { SharedVmcores } from './shared-vmcores.ts';

const { signal } = new AbortController();
const MATCH: Verdict = { kind: 'match' };
const BROKEN: Verdict = { kind: 'mismatch', broken: ['lowmem.locked'] };
const UNJUDGED: Verdict = { kind: 'unjudged', code: 'E_EVIDENCE', why: 'Cannot see it' };

describe('isKept()', () => {
  const fault = (caught: FaultOutcome['caught']): FaultOutcome => ({
    name: 'f',
    caughtBy: ['lowmem.locked'],
    caught,
  });
  it.each<{ what: string; verdict: Verdict; fault?: FaultOutcome; kept: string[] }>([
    { what: 'a match', verdict: MATCH, kept: ['all'] },
    { what: 'a mismatch', verdict: BROKEN, kept: ['all', 'broken'] },
    { what: 'an unjudged cell', verdict: UNJUDGED, kept: ['all', 'broken'] },
    { what: 'a caught fault', verdict: BROKEN, fault: fault(['lowmem.locked']), kept: ['all'] },
    { what: 'a missed fault', verdict: MATCH, fault: fault([]), kept: ['all', 'broken'] },
  ])('$what is kept with $kept', ({ verdict, fault: seeded = null, kept }) => {
    const { judgement } = judgedCell({ judgement: { verdict, fault: seeded } });
    const all: VmcoresKept[] = ['all', 'broken', 'none'];
    expect(all.filter((keep) => isKept(keep, judgement))).toEqual(kept);
  });
});

describe('settleVmcore()', () => {
  it.each<{ keep: VmcoresKept; shares?: true; kind?: 'filtered'; leaves: string[] }>([
    { keep: 'none', leaves: ['cell.json', 'removed'] },
    { keep: 'all', leaves: ['cell.json', 'vmcore.zst'] },
    { keep: 'all', shares: true, leaves: ['cell.json', 'vmcore.shared.json'] },
    { keep: 'none', shares: true, leaves: ['cell.json', 'removed'] },
    // makedumpfile has compressed it.
    { keep: 'all', kind: 'filtered', leaves: ['cell.json', 'vmcore'] },
    { keep: 'all', shares: true, kind: 'filtered', leaves: ['cell.json', 'vmcore.shared.json'] },
  ])('with $keep, $shares, $kind leaves $leaves', async ({ keep, shares, kind, leaves }) => {
    await using run = await makeTempDir();
    const folder = join(run.path, 'cell.1');
    await cp(projectPath('harness/testdata/5.10-256m/cell.json'), join(folder, 'cell.json'));
    const path = join(folder, 'vmcore');
    await writeFile(path, wholeDump());
    const axes = kind === undefined ? {} : { vmcore: [kind] };
    const cell = { ...judgedCell({ axes }), folder };
    const keeping: VmcoreKeeping = { keep, shared: shares ? new SharedVmcores(run.path) : null };
    const digest = digestOf(wholeDump());
    await settleVmcore(cell, keeping, { path, digest, signal, log: silentLog });
    expect((await readdir(folder)).toSorted()).toEqual(leaves);
  });

  it('says why a vmcore stays with which that cannot be done', async () => {
    await using run = await makeTempDir();
    const path = join(run.path, 'vmcore');
    await writeFile(path, wholeDump());
    await writeFile(join(run.path, 'removed'), 'in the way');
    const heard: string[] = [];
    const log = heardLog(heard);
    const cell = { ...judgedCell(), folder: run.path };
    const digest = digestOf(wholeDump());
    await settleVmcore(cell, { keep: 'none', shared: null }, { path, digest, signal, log });
    expect(heard.join()).toContain(`${path} stays as it is: `);
    expect(await readdir(run.path)).toContain('vmcore');
  });
});
