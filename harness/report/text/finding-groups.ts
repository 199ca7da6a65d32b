// SPDX-License-Identifier: MIT
import { type Judgement, whyUnseen } from '../../check/judgement.ts';
import { type JudgedCell, countedAs } from '../../matrix/judged-cell.ts';
import type { Pfn } from '../../memory/pfn.ts';
import { missedWords } from './fault-table.ts';
import { groupBy } from '../../group-by.ts';
import { type InvariantMark, markInvariant, referenceOf } from './invariant-mark.ts';
import { verdictLines } from './verdict-text.ts';

/**
 * What a finding is: an invariant that is broken, that is a known defect, or that no longer is one; a kernel that failed
 * in another way; a seeded fault that nothing caught; a cell that could not be judged.
 */
export type FindingKind = 'broken' | 'failed' | 'known' | 'gone' | 'missed' | 'unjudged';

/** What is to say about one cell. */
export interface Finding {
  readonly kind: FindingKind;
  /** The invariant, the verdict, the fault, or the code of what kept the cell from being judged. */
  readonly name: string;
  /** That of a known defect; else empty. */
  readonly reference: string;
  readonly cell: JudgedCell;
  /** Lines; a guest may have written any of them. */
  readonly why: readonly string[];
  readonly pages: readonly Pfn[];
  /** The path of a file in the bundle. */
  readonly evidence: string | null;
}

/** The same finding in some cells, at least one. */
export interface FindingGroup extends Pick<Finding, 'kind' | 'name' | 'reference'> {
  readonly findings: readonly Finding[];
}

const NOTHING = { reference: '', pages: [], evidence: null } as const;

const SHOWN: Readonly<Partial<Record<InvariantMark, FindingKind>>> = {
  broken: 'broken',
  known: 'known',
  gone: 'gone',
};

/** What there is to say about cells, each thing once, with all cells that show it; a fault that was missed comes first. */
export function groupFindings(cells: readonly JudgedCell[]): FindingGroup[] {
  const found = cells.flatMap(findingsOf);
  const isMissed = ({ kind }: Finding): boolean => kind === 'missed';
  const inOrder = [...found.filter(isMissed), ...found.filter((one) => !isMissed(one))];
  const groups = groupBy(inOrder, ({ kind, name, reference }) =>
    JSON.stringify([kind, name, reference]),
  );
  return [...groups.values()].flatMap((findings) => {
    const [first] = findings;
    if (!first) return [];
    const { kind, name, reference } = first;
    return [{ kind, name, reference, findings }];
  });
}

/** What there is to say about a cell. Of a kernel with a seeded fault it matters alone whether that was caught. */
export function findingsOf(cell: JudgedCell): Finding[] {
  const { fault } = cell.judgement;
  const count = countedAs(cell.judgement);
  if (fault === null) return [...invariantFindings(cell), ...verdictFindings(cell)];
  if (count === 'unjudged') return verdictFindings(cell);
  if (count === 'match') return [];
  const why = [missedWords(cell.judgement)];
  return [{ ...NOTHING, kind: 'missed', name: fault.name, cell, why }];
}

function invariantFindings(cell: JudgedCell): Finding[] {
  const { invariants, verdict } = cell.judgement;
  return invariants.flatMap((invariant) => {
    const kind = SHOWN[markInvariant(invariant, verdict)];
    if (kind === undefined) return [];
    const { id: name, evidence } = invariant;
    const pages = kind === 'gone' ? [] : invariant.pages;
    const reference = kind === 'broken' ? '' : referenceOf(invariant);
    const why = [whyUnseen(invariant)];
    return [{ kind, name, reference, cell, why, pages, evidence }];
  });
}

/** What the verdict says beyond the invariants. */
function verdictFindings(cell: JudgedCell): Finding[] {
  const { verdict } = cell.judgement;
  const why = verdictLines(verdict);
  if (verdict.kind === 'unjudged') {
    return [{ ...NOTHING, kind: 'unjudged', name: verdict.code, cell, why }];
  }
  if (verdict.kind === 'mismatch') {
    const { cutShort } = verdict;
    return cutShort ? [{ ...NOTHING, kind: 'unjudged', name: cutShort.code, cell, why }] : [];
  }
  return isExplained(cell.judgement)
    ? []
    : [{ ...NOTHING, kind: 'failed', name: verdict.kind, cell, why }];
}

/** Whether the invariants tell why the cell counts as it does. */
function isExplained(judgement: Judgement): boolean {
  return (
    countedAs(judgement) === 'match' ||
    judgement.invariants.some(({ outcome }) => outcome === 'broken')
  );
}
