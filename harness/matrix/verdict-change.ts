// SPDX-License-Identifier: MIT
import type { Judgement } from '../check/judgement.ts';
import { type JudgedCell, countedAs } from './judged-cell.ts';

/** What a bundle's `verdict.json` said, by whatever sub1m. */
export interface RecordedVerdict {
  /** In 1 `unseen` was also what `not-asked` has been since. */
  readonly schema: 1 | 2;
  /** The version of the sub1m that judged it, if that is told. */
  readonly sub1m?: string | undefined;
  readonly policy: { readonly id: string } | null;
  readonly invariants: readonly { readonly id: string; readonly outcome: Outcome }[];
  readonly fault: { readonly caught: readonly string[] } | null;
  readonly verdict: {
    readonly kind: Judgement['verdict']['kind'];
    readonly code?: string | undefined;
    readonly phase?: string | undefined;
    readonly cutShort?: { readonly code: string } | undefined;
  };
}

type Outcome = Judgement['invariants'][number]['outcome'];

/** A verdict as far as two are compared. */
export interface ToldVerdict {
  readonly kind: RecordedVerdict['verdict']['kind'];
  /** The code of what is unjudged, or the phase in which a kernel was lost; null for any other. */
  readonly detail: string | null;
  /** Ids of invariants, sorted. */
  readonly broken: readonly string[];
  readonly known: readonly string[];
  /** The id of the policy; null where the cell shows too little. */
  readonly policy: string | null;
  /** Null if that is not told. */
  readonly sub1m: string | null;
}

/** A cell whose verdict is no longer what it was. */
export interface VerdictChange {
  readonly cell: string;
  readonly folder: string;
  readonly from: ToldVerdict;
  readonly to: ToldVerdict;
  readonly invariants: readonly {
    readonly id: string;
    /** Null where the sub1m that judged did not have it. */
    readonly from: Outcome | null;
    readonly to: Outcome | null;
    readonly why: string;
  }[];
  /** Whether it counts as a mismatch now. */
  readonly isBroken: boolean;
  readonly isUnjudged: boolean;
}

/**
 * How the verdict on a cell differs from the recorded one; null if it does not: the kind, why it is unjudged, which
 * invariants are broken or known defects. What is only seen, or asked, where it was not before changes no verdict.
 */
export function verdictChange(
  recorded: RecordedVerdict,
  { record, judgement, folder }: JudgedCell,
  sub1m: string,
): VerdictChange | null {
  const from = told(recorded);
  const to = told({ ...judgement, schema: 2, sub1m });
  if (sameAs(from) === sameAs(to)) return null;
  const count = countedAs(judgement);
  return {
    cell: record.id,
    folder,
    from,
    to,
    invariants: changedInvariants(recorded, judgement),
    isBroken: count === 'mismatch',
    isUnjudged: count === 'unjudged',
  };
}

function told({ sub1m, policy, invariants, verdict }: RecordedVerdict): ToldVerdict {
  const ids = (wanted: Outcome): string[] =>
    invariants.filter(({ outcome }) => outcome === wanted).map(({ id }) => id);
  return {
    kind: verdict.kind,
    detail: verdict.code ?? verdict.phase ?? verdict.cutShort?.code ?? null,
    broken: ids('broken').toSorted(),
    known: ids('known').toSorted(),
    policy: policy?.id ?? null,
    sub1m: sub1m ?? null,
  };
}

function sameAs({ kind, detail, broken, known }: ToldVerdict): string {
  return JSON.stringify([kind, detail, broken, known]);
}

function changedInvariants(
  { schema, invariants: before }: RecordedVerdict,
  { invariants: now }: Judgement,
): VerdictChange['invariants'] {
  const ids = [...new Set([...now, ...before].map(({ id }): string => id))];
  return ids.flatMap((id) => {
    const after = now.find((one) => one.id === id);
    const from = before.find((one) => one.id === id)?.outcome ?? null;
    const to = after?.outcome ?? null;
    return isNews(schema, from, to) ? [{ id, from, to, why: after?.why ?? '' }] : [];
  });
}

function isNews(schema: 1 | 2, from: Outcome | null, to: Outcome | null): boolean {
  if (schema === 1 && from === 'unseen' && to === 'not-asked') return false;
  // A release adds some: that they are kept is no news.
  return from === null ? to === 'broken' || to === 'known' : from !== to;
}
