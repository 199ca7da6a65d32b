// SPDX-License-Identifier: MIT
import type { Comparison } from './peer-answers.ts';
import type { Absent } from './peer-tools.ts';
import { COMMAND, CRASH_START, type Job, READING } from './vmcore-jobs.ts';

/** A job and what it took, in ms. */
export interface Row extends Job {
  readonly wallMs: number;
  readonly cpuMs: number;
}

interface VmcoreResult {
  readonly rows: readonly Row[];
  readonly absent: readonly Absent[];
  readonly answers: readonly Comparison[];
}

/** How many times faster than crash's start sub1m must be, by processor time, which a busy host changes least. */
const AIMS = [
  { does: COMMAND, times: 1 },
  { does: READING, times: 10 },
];

/** Prints the table of times, the answers that differ, and whether the aims are met. */
export function reportVmcore(result: VmcoreResult, json: boolean): void {
  const aims = aimsOf(result.rows);
  const document = { schema: 1, bench: 'vmcore', ...result, aims };
  const lines = json ? [JSON.stringify(document)] : [...render(result), ...aims.map(renderAim)];
  process.stdout.write(`${lines.join('\n')}\n`);
}

type Aim = ReturnType<typeof aimsOf>[number];

function aimsOf(rows: readonly Row[]) {
  return rows.flatMap(({ tool, does, on, cpuMs, wallMs }) => {
    const aim = tool === 'sub1m' ? AIMS.find((one) => one.does === does) : undefined;
    const crash = rows.find((row) => row.does === CRASH_START && row.on === on);
    if (!aim || !crash) return [];
    const cpu = Number((crash.cpuMs / cpuMs).toFixed(1));
    const wall = Number((crash.wallMs / wallMs).toFixed(1));
    return [{ does, on, aim: aim.times, cpu, wall, met: cpu >= aim.times }];
  });
}

function renderAim({ does, on, aim, cpu, wall, met }: Aim): string {
  const word = met ? 'met' : 'MISSED';
  return `${does}, ${on}: ${cpu} times faster than crash starts (${wall} by the clock), aim ${aim}: ${word}`;
}

function render({ rows, absent, answers }: VmcoreResult): string[] {
  return [
    line(['tool', 'does', 'dump', 'wall ms', 'cpu ms']),
    ...rows.map(({ tool, does, on, wallMs, cpuMs }) =>
      line([tool, does, on, wallMs.toFixed(0), cpuMs.toFixed(0)]),
    ),
    ...absent.map(({ tool, why }) => `${tool} is absent: ${why}`),
    '',
    ...answers.map(({ what, same, difference }) =>
      same ? `same: ${what}` : `DIFFERENT: ${what}: ${difference ?? ''}`,
    ),
    '',
  ];
}

const WIDTHS = [12, 26, 11, 8, 8];

function line(cells: readonly string[]): string {
  return cells
    .map((cell, index) =>
      index > 2 ? cell.padStart(WIDTHS[index] ?? 0) : cell.padEnd(WIDTHS[index] ?? 0),
    )
    .join('  ')
    .trimEnd();
}
