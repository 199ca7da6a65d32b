// SPDX-License-Identifier: MIT
/** Runs of any size for tests and measurements of the HTML report. */
import type { JudgedCell, RunResult } from '../../../matrix/judged-cell.ts';
import { judgedCell } from '../../../matrix/testing/judged-cell-builder.ts';
import { INVARIANT_IDS } from '../../../check/invariants/invariants.ts';
import { LOCKED, UNLOCKED, invariant, runOf, withPages } from '../../testing/run-builder.ts';
import type { CellLogs } from '../cell-files.ts';

const LAYOUTS = 40;

const SEEN = [withPages(UNLOCKED), withPages(LOCKED)] as const;

/** A run of so many cells: kernels × 40 layouts × crashkernel; every hundredth leaves a page unlocked that is its own. */
export function madeRun(cells: number): RunResult {
  return { ...runOf(...Array.from({ length: cells }, (_, nr) => madeCell(nr))), id: 'made' };
}

function madeCell(nr: number): JudgedCell {
  const isLocked = nr % 2 === 1;
  const isBroken = nr % 100 === 99;
  const [layout, kernel] = [Math.floor(nr / 2) % LAYOUTS, Math.floor(nr / 2 / LAYOUTS)];
  const release = `6.${kernel}.7-made-amd64`;
  const page = 16 + ((nr / 100) & 127);
  const cell = judgedCell({
    axes: {
      kernel: [`debian:6.${kernel}`],
      layout: [`layout-${layout}`],
      crashkernel: [isLocked ? '256M' : null],
    },
    record: { kernel: { release, image: '', imageSha256: '', package: null } },
    judgement: {
      ...(isBroken ? unlockedAt(page) : SEEN[isLocked ? 1 : 0]),
      verdict: isBroken ? { kind: 'mismatch', broken: ['lowmem.locked'] } : { kind: 'match' },
      invariants: INVARIANT_IDS.map((id) =>
        isBroken && id === 'lowmem.locked'
          ? invariant({
              id,
              outcome: 'broken',
              why: `page ${page} is free`,
              evidence: 'system/kpageflags',
            })
          : invariant({ id, why: `${id} was looked at, and is as it was promised to be` }),
      ),
    },
  });
  return { ...cell, folder: `/nowhere/${cell.record.id}` };
}

function unlockedAt(page: number): ReturnType<typeof withPages> {
  return withPages(LOCKED, [
    [page, 'reserved'],
    [1, 'free'],
    [255 - page, 'reserved'],
  ]);
}

/** Logs as large as a cell may show them, of lines that compress as a kernel's do. */
export function madeLogs({ record }: JudgedCell, limit: number): CellLogs {
  const lines: string[] = [];
  for (let bytes = 0; bytes < limit; bytes += lines.at(-1)?.length ?? 1) {
    const nr = lines.length;
    const time = (nr * 0.00731).toFixed(6).padStart(12);
    const address = Math.imul(nr + record.id.length, 0x9e3779b1) >>> 0;
    lines.push(`[${time}] BIOS-e820: [mem 0x${address.toString(16).padStart(16, '0')}] usable`);
  }
  const log = { value: { lines, first: 1, cut: 0 } };
  return { 'console.log': log, 'capture/dmesg': log };
}
