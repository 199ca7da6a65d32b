// SPDX-License-Identifier: MIT
import type { CellSpec } from '../bundle/cell-record.ts';
import { ownerSeen } from '../check/observe/agreement.ts';
import type { InvariantOutcome, Judgement } from '../check/judgement.ts';
import { type End, firstEnd } from '../ends.ts';
import { type TimeChange, compareTimes } from './compare-times.ts';
import type { JudgedCell, RunResult } from './judged-cell.ts';
import type { Merge } from './merged-run.ts';
import { untoldEnds } from './run-end.ts';

/** How a kernel differs from its base in the same cells. */
export interface Comparison {
  /** The base for people: `HEAD~1 (1a2b3c4d5e6f x86/realmode: Claim once)`, `debian:6.12`. */
  readonly base: string;
  /** Its kernel reference. */
  readonly ref: string;
  /** Whether the two images are the same byte for byte: then no cell of the base was run. */
  readonly sameImage: boolean;
  /** Every cell with that of the base. */
  readonly cells: readonly CellChanges[];
  readonly times: readonly TimeChange[];
}

/** A run of which the kernel may have been compared with a base, or which may be several in one. */
export interface ComparedRun extends RunResult {
  readonly comparison?: Comparison;
  /** How it was merged, if it is several runs in one. */
  readonly merge?: Merge;
}

/** How a cell differs from the same cell of the base. */
export interface CellChanges {
  readonly base: JudgedCell;
  readonly cell: JudgedCell;
  /** Why the two cannot be compared; null if they can be. */
  readonly uncompared: string | null;
  readonly pages: readonly PageChange[];
  readonly invariants: readonly InvariantChange[];
  /** Lines on low memory that only the base's log has, and that only the cell's has. */
  readonly log: { readonly gone: readonly string[]; readonly come: readonly string[] };
}

/** A page below 1 MiB that has another owner. */
interface PageChange {
  readonly page: number;
  readonly from: SeenOwner;
  readonly to: SeenOwner;
}

type SeenOwner = ReturnType<typeof ownerSeen>;

/** An invariant with another outcome, or broken on other pages. */
interface InvariantChange {
  readonly id: InvariantOutcome['id'];
  readonly from: InvariantOutcome['outcome'];
  readonly to: InvariantOutcome['outcome'];
  /** What the cell says about it now. */
  readonly why: string;
  /** Whether it is broken as it was not before: by that alone a patch fails. */
  readonly isWorse: boolean;
}

/** Compares cells with those of the base that have the same specification apart from the kernel. */
export function compareRuns(
  bases: readonly JudgedCell[],
  cells: readonly JudgedCell[],
): Pick<Comparison, 'cells' | 'times'> {
  const left = [...bases];
  const pairs = cells.map((cell) => {
    const place = left.findIndex(({ record }) => isSameCell(record.spec, cell.record.spec));
    const [base] = left.splice(place, 1);
    if (place === -1 || base === undefined) throw new Error(`No base for ${cell.record.id}`);
    return compareCells(base, cell);
  });
  const compared = pairs.filter(({ uncompared }) => uncompared === null);
  return { cells: pairs, times: compareTimes(compared) };
}

/** Whether the cell shows anything that the base does not. */
export function isChanged({ pages, invariants, log }: CellChanges): boolean {
  return pages.length + invariants.length + log.gone.length + log.come.length > 0;
}

/** How a comparison ends a command: it is the patch that is judged, not what was broken before it. */
export function comparisonEnd({ cells }: Comparison): End {
  const isWorse = cells.some(({ invariants }) => invariants.some((one) => one.isWorse));
  const untold = cells.filter(({ uncompared }) => uncompared !== null);
  return firstEnd([
    isWorse ? 'broken' : 'done',
    ...untold.flatMap(({ base, cell }): End[] => ['unjudged', ...[base, cell].flatMap(untoldEnds)]),
  ]);
}

function isSameCell(one: CellSpec, other: CellSpec): boolean {
  // A recipe may name the policy, and the two kernels need not follow the same.
  const rest = (spec: CellSpec): string => JSON.stringify({ ...spec, kernel: '', policy: '' });
  return rest(one) === rest(other);
}

/** Compares a cell with the same cell of the base. */
export function compareCells(base: JudgedCell, cell: JudgedCell): CellChanges {
  const uncompared = whyUnjudged('base', base) ?? whyUnjudged('cell', cell);
  if (uncompared !== null) {
    return { base, cell, uncompared, pages: [], invariants: [], log: { gone: [], come: [] } };
  }
  return {
    base,
    cell,
    uncompared,
    pages: comparePages(base.judgement, cell.judgement),
    invariants: compareInvariants(base.judgement.invariants, cell.judgement.invariants),
    log: compareLogs(base.judgement, cell.judgement),
  };
}

function whyUnjudged(which: string, { judgement }: JudgedCell): string | null {
  const { verdict } = judgement;
  return verdict.kind === 'unjudged' ? `The ${which} is unjudged: ${verdict.why}` : null;
}

/** Where one of the two does not show its pages there is nothing to compare; an invariant then says why. */
function comparePages(base: Judgement, now: Judgement): PageChange[] {
  const before = owners(base);
  return owners(now).flatMap((to, page) => {
    const from = before[page];
    return from === undefined || from === to ? [] : [{ page, from, to }];
  });
}

function owners({ observation, prediction }: Judgement): SeenOwner[] {
  return (observation.pages.value ?? []).map((seen, page) =>
    ownerSeen(prediction?.pages[page]?.owner ?? null, seen),
  );
}

function compareInvariants(
  base: readonly InvariantOutcome[],
  now: readonly InvariantOutcome[],
): InvariantChange[] {
  const ids = new Set([...base, ...now].map(({ id }) => id));
  const changes = [...ids].flatMap((id): InvariantChange[] => {
    const before = base.find((one) => one.id === id);
    const after = now.find((one) => one.id === id);
    const [from, to] = [outcomeOf(before), outcomeOf(after)] as const;
    const moved = to === 'broken' && pagesOf(before) !== pagesOf(after);
    if (from === to && !moved) return [];
    return [{ id, from, to, why: after?.why ?? '', isWorse: to === 'broken' }];
  });
  return changes.filter((change) => !isConsequence(change, changes));
}

/** What a kernel that dies early no longer shows, or shows again, says nothing beside why it died. */
function isConsequence(
  { from, to }: InvariantChange,
  changes: readonly InvariantChange[],
): boolean {
  return (
    (!isShown(to) && changes.some((change) => change.to === 'broken')) ||
    (!isShown(from) && changes.some((change) => change.from === 'broken'))
  );
}

function isShown(outcome: InvariantOutcome['outcome']): boolean {
  return outcome !== 'unseen' && outcome !== 'not-asked';
}

/** A bundle judged by an older sub1m lacks the invariants that came later. */
function outcomeOf(invariant: InvariantOutcome | undefined): InvariantOutcome['outcome'] {
  return invariant?.outcome ?? 'not-asked';
}

function pagesOf(outcome: InvariantOutcome | undefined): string {
  return outcome?.pages.join() ?? '';
}

/** A line in another place is no difference: CPUs and drivers race. */
function compareLogs(base: Judgement, now: Judgement): CellChanges['log'] {
  const before = base.observation.lowMemoryLog.value;
  const after = now.observation.lowMemoryLog.value;
  if (before === null || after === null) return { gone: [], come: [] };
  return {
    gone: before.filter((line) => !after.includes(line)),
    come: after.filter((line) => !before.includes(line)),
  };
}
