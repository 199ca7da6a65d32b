// SPDX-License-Identifier: MIT
/** Attacks on a run of cells, and the table of what was expected of each and what was seen. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFailed } from 'vitest';
import { PHASES } from '../bundle/cell-record.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import type { CellDocument } from '../report/schema/run-schema.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { addRow } from './attack-table.ts';
import { FAST_FIRMWARE, words } from './checked-cells.ts';
import { type CommandEnd, type RunningCommand, startCommand } from './run-command.ts';
import { MARK, leftBehind, orphansOf, runSub1m, sub1mCommand } from './run-sub1m.ts';
import { type SmallDisk, openDisk, smallDisk } from './small-disk.ts';

/** What a cell is about when an attack comes: its phases, and what the program does when they are over. */
export const MOMENTS = [...PHASES, 'judging', 'reporting'] as const;

/** See `MOMENTS`. */
export type Moment = (typeof MOMENTS)[number];

/** The cells of a run: one with every phase, and a short one without a crash. */
const CELLS = words('check debian:6.12 --crashkernel 256M --jobs 1 --json');
const [LONG, SHORT] = ['sysrq', 'none'];

/** Which of the two runs first: the other shows that the next cell runs, or that the report has the one before. */
const TRIGGERS = { first: `${LONG},${SHORT}`, last: `${SHORT},${LONG}` } as const;

const ID = 'debian-6.12.crashkernel-256m.ovmf-debian-2025.02';

/** One experiment: a row of the table. */
export interface Attack {
  readonly what: string;
  /** When it comes; the long cell is at it. Null: it is there from the start. */
  readonly moment: Moment | null;
  /** Whether the long cell runs before the short one or after it. */
  readonly long: keyof typeof TRIGGERS;
  /** Every end that is right, as `Seen.end` has it. */
  readonly expected: readonly string[];
  /** What the verdict of each cell that is unjudged must say, if any is. */
  readonly says?: RegExp;
  readonly act?: (run: RunningCommand) => Promise<void> | void;
  readonly env?: NodeJS.ProcessEnv;
  /** Words before the command: a program that starts it. */
  readonly under?: readonly string[];
  readonly args?: readonly string[];
  /** A small disk for some of its files; it is filled at the moment. */
  readonly disk?: { readonly holds: keyof typeof PLACES; readonly size: string };
}

/** How sub1m is told to have its files on a disk. */
const PLACES = {
  results: () => ({}),
  'temporary files': (path: string) => ({ TMPDIR: path }),
  'the cache': (path: string) => ({ XDG_CACHE_HOME: path }),
} as const;

/** What became of it. */
interface Seen {
  /** How the command ended, and the verdicts: `69: unjudged E_PROCESS, match; report`. */
  readonly end: string;
  /** Why cells are unjudged; if there are none, why the command failed. */
  readonly whys: readonly string[];
  /** See `leftBehind`; a moment that was missed; what makes the row wrong by itself. */
  readonly faults: readonly string[];
}

/** Runs the cells, attacks them, and adds the row to the table. Gives what is wrong, if anything is. */
export async function attack(row: Attack): Promise<string[]> {
  await using temp = await makeTempDir();
  const { says, expected } = row;
  const seen = await seenOf(row, await planned(row, temp.path));
  const unsaid = seen.whys.filter((why) => says?.test(why) === false);
  const wrong = [
    ...(expected.includes(seen.end) ? [] : [seen.end]),
    ...unsaid.map((why) => `expected ${String(says)}, found ${why}`),
    ...seen.faults,
  ];
  addRow({ ...namedRow(row), seen: shown(seen), isRight: wrong.length === 0 });
  return wrong;
}

/** What is run for an experiment, and where. */
interface Plan {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly disk: SmallDisk | null;
  /** The folder of results, as the command calls it. */
  readonly results: string;
}

async function planned({ disk, ...row }: Attack, temp: string): Promise<Plan> {
  const { long, under = [], args = [] } = row;
  const small = disk ? await smallDisk(join(temp, 'small'), disk.size) : null;
  const place = disk && small ? PLACES[disk.holds](small.path) : {};
  const results = join(disk?.holds === 'results' && small ? small.path : temp, 'results');
  const start = [...(small?.under ?? []), ...under, ...sub1mCommand()];
  const options = [...FAST_FIRMWARE, '--trigger', TRIGGERS[long], '--results', results, ...args];
  return {
    argv: [...start, ...CELLS, ...options],
    env: { ...place, ...row.env },
    disk: small,
    results,
  };
}

async function seenOf(row: Attack, { argv, env, disk, results }: Plan): Promise<Seen> {
  const mark = randomUUID();
  const run = startCommand(argv, { env: { ...env, [MARK]: mark } });
  const { child } = run;
  await using opened = disk && (await openDisk(disk, child.pid));
  const folder = opened === null ? results : results.replace(disk?.path ?? '', opened.path);
  const missed = await reach(run, row, join(folder, ID));
  if (row.moment !== null) opened?.fill();
  await row.act?.(run);
  // What was stopped to be hit.
  child.kill('SIGCONT');
  const end = await run.ended;
  onTestFailed(() => {
    process.stderr.write(end.stderr.slice(-4000));
  });
  const orphans = await orphansOf(mark);
  const left = [...leftBehind(child.pid), ...foldersIn(opened?.names() ?? [], run)];
  const seen = await reported(end, child.signalCode, folder);
  // After a SIGKILL or an abort the next run removes the folders.
  const faults = child.signalCode === null ? left.map((what) => `left ${what}`) : [];
  return { ...seen, faults: [...orphans, ...faults, ...missed] };
}

function foldersIn(names: readonly string[], { child }: RunningCommand): string[] {
  return names.filter((name) => name.startsWith(`sub1m-${child.pid}-`));
}

/** How a run ended, by what it printed, else by what it left. */
async function reported(
  { status, stdout, stderr }: CommandEnd,
  signal: NodeJS.Signals | null,
  results: string,
): Promise<Omit<Seen, 'faults'>> {
  const cells = stdout === '' ? await judgedLater(results) : parseDocument('run', stdout).cells;
  const verdicts = cells.map(({ verdict }) => verdictOf(verdict)).join(', ') || 'no verdict';
  const report = existsSync(join(results, 'run.json')) ? reportIn(results, cells) : 'no report';
  const last = stderr.slice(Math.max(0, stderr.lastIndexOf('sub1m: '))).trim();
  const whys = cells.flatMap(({ verdict }) => (verdict.kind === 'unjudged' ? [verdict.why] : []));
  return {
    end: `${signal ?? status}: ${verdicts}; ${report}`,
    whys: cells.length === 0 && signal === null ? [last] : whys,
  };
}

/** What the bundles say that a run left which could not report them. */
async function judgedLater(results: string): Promise<readonly CellDocument[]> {
  if (!existsSync(results)) return [];
  const { stdout } = await runSub1m(['judge', results, '--json']);
  return stdout === '' ? [] : parseDocument('run', stdout).cells;
}

function verdictOf(verdict: CellDocument['verdict']): string {
  return verdict.kind === 'unjudged' ? `unjudged ${verdict.code}` : verdict.kind;
}

function reportIn(results: string, cells: readonly CellDocument[]): string {
  const kept = parseDocument('run', readFileSync(join(results, 'run.json'), 'utf8')).cells;
  return kept.length === cells.length ? 'report' : `report of ${kept.length} cells`;
}

/** Waits until the long cell is at the moment; after its phases stops the program there. Says if it was missed. */
async function reach(run: RunningCommand, { moment }: Attack, bundle: string): Promise<string[]> {
  const { child } = run;
  if (moment === null) return [];
  if (moment !== 'judging' && moment !== 'reporting') {
    await run.says(`${ID}: ${moment}\n`);
    return child.exitCode === null ? [] : [`it had ended before ${moment}`];
  }
  const isOver = { judging: join(bundle, 'verdict.json'), reporting: join(bundle, '../run.json') };
  await run.says(moment === 'judging' ? `${ID}: off\n` : '2 of 2 cells done');
  while (!hasText(join(bundle, 'cell.json')) && child.exitCode === null) await delay(1);
  child.kill('SIGSTOP');
  return existsSync(isOver[moment]) ? [`${moment} was over`] : [];
}

/** Whether a file is there and written. */
function hasText(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

function namedRow({ what, moment, expected, says }: Attack): { what: string; expected: string[] } {
  const because = says ? [`saying ${says.source}`] : [];
  return {
    what: moment === null ? what : `${what}, ${moment}`,
    expected: [expected.join(' or '), ...because],
  };
}

/** Characters of a cause in the table. */
const WHY_LIMIT = 120;

function shown({ end, whys, faults }: Seen): string[] {
  return [end, ...whys.map((why) => `"${why.slice(0, WHY_LIMIT)}"`), ...faults];
}
