// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { type Reason, differenceOf, factSchema } from './fact.ts';
import { BOOTS_LIMIT, type Tally, keptWanted } from './settle.ts';

const changeSchema = z.object({
  /** What the search knows it by: a commit, a version, the number of a patch. */
  id: z.string(),
  /** What people know it by. */
  subject: z.string(),
  /** The reference of the kernel that has it, and all changes before it. */
  kernel: z.string(),
});

/** One boot of one kernel, or one build that failed. */
export const bootSchema = z.object({
  change: changeSchema,
  fact: factSchema,
  /** The path of the bundle; null where there was no kernel to boot. */
  bundle: z.string().nullable(),
});

/** See `changeSchema`. */
export type Change = z.infer<typeof changeSchema>;
/** See `bootSchema`. */
export type Boot = z.infer<typeof bootSchema>;

/** A change as people read it: of a commit the first digits will do. */
export function nameChange({ id, subject }: Change): string {
  const name = id.replace(/^([0-9a-f]{12})[0-9a-f]{28,}$/, '$1');
  return subject === id ? name : `${name} ("${subject}")`;
}

/** What all boots of a change say of its kernel. */
export type Answer =
  | { readonly kind: 'kept' }
  | { readonly kind: 'broken' }
  /** It cannot be told, or the invariant is broken for another reason. */
  | { readonly kind: 'skip'; readonly why: string };

/** By what boots are read. */
export interface Reading {
  /** What must be the reason for a kernel to count as a bad one; null to take the bad end's. */
  readonly reason: Reason | null;
  /** The end of the range that breaks the invariant, by its id. */
  readonly badEnd: string;
  readonly confidence: number;
}

/** What the boots so far say. */
export interface Answers {
  /** How many boots in a row must keep the invariant. */
  readonly wanted: number;
  /** By the ids of changes in the order of their first boots; null for one that must be booted again. */
  readonly byChange: ReadonlyMap<string, Answer | null>;
}

/**
 * Reads boots. Of one kernel a single boot that breaks the invariant for the right reason settles it; so do `wanted` that
 * keep it (`keptWanted`), and one that tells nothing, or two where that may be the host's doing. The bad end teaches how often the fault shows, and is
 * booted as often as a kernel must keep the invariant to count as a good one.
 */
export function readAnswers(boots: readonly Boot[], reading: Reading): Answers {
  const { badEnd, confidence } = reading;
  const reason = reading.reason ?? reasonOfEnd(boots, badEnd);
  const kernels = new Map<string, KernelBoots>();
  for (const { change, fact } of boots) {
    const before = kernels.get(change.id) ?? { broken: 0, kept: 0, untold: 0, skip: null };
    kernels.set(change.id, withBoot(before, fact, reason));
  }
  const bad = [...kernels.values()].filter(({ broken }) => broken > 0);
  const wanted = keptWanted(sum(bad), confidence);
  const answers = [...kernels].map(([id, kernel]) => {
    const brokenWanted = id === badEnd ? Math.min(wanted, BOOTS_LIMIT) : 1;
    return [id, answerOf(kernel, { wanted, brokenWanted })] as const;
  });
  return { wanted, byChange: new Map(answers) };
}

/** The boots of one kernel. */
interface KernelBoots extends Tally {
  /** How many told nothing. */
  readonly untold: number;
  /** Why it cannot be told, once that is settled. */
  readonly skip: string | null;
}

function withBoot(before: KernelBoots, fact: Boot['fact'], reason: Reason | null): KernelBoots {
  switch (fact.kind) {
    case 'kept':
      return { ...before, kept: before.kept + 1 };
    case 'untold': {
      const isSettled = !fact.again || before.untold > 0;
      return { ...before, untold: before.untold + 1, skip: isSettled ? fact.why : before.skip };
    }
    case 'broken': {
      const difference = reason && differenceOf(fact.reason, reason);
      return difference === null
        ? { ...before, broken: before.broken + 1 }
        : { ...before, skip: `broken otherwise: ${difference}` };
    }
  }
}

function answerOf(
  { broken, kept, skip }: KernelBoots,
  { wanted, brokenWanted }: { readonly wanted: number; readonly brokenWanted: number },
): Answer | null {
  if (broken > 0) return broken + kept >= brokenWanted ? { kind: 'broken' } : null;
  if (skip !== null) return { kind: 'skip', why: skip };
  if (kept >= wanted) return { kind: 'kept' };
  return kept < BOOTS_LIMIT
    ? null
    : { kind: 'skip', why: `kept ${kept} times, too few for a fault that shows so seldom` };
}

/** Why the bad end breaks the invariant: as it did first. */
function reasonOfEnd(boots: readonly Boot[], badEnd: string): Reason | null {
  for (const { change, fact } of boots) {
    if (change.id === badEnd && fact.kind === 'broken') return fact.reason;
  }
  return null;
}

function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (all, { broken, kept }) => ({ broken: all.broken + broken, kept: all.kept + kept }),
    { broken: 0, kept: 0 },
  );
}
