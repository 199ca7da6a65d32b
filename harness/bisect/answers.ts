// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { type Reason, differenceOf, factSchema } from './fact.ts';
import { BOOTS_LIMIT, type Tally, keptWanted } from './settle.ts';

const changeSchema = z.object({
  /** How the search names it: a commit, a version, the number of a patch. */
  id: z.string(),
  /** How people name it. */
  subject: z.string(),
  /** The reference of the kernel with this change and all before it. */
  kernel: z.string(),
});

/** One boot of one kernel, or one build that failed. */
export const bootSchema = z.object({
  change: changeSchema,
  fact: factSchema,
  /** The path of the bundle; null if there was no kernel to boot. */
  bundle: z.string().nullable(),
});

/** See `changeSchema`. */
export type Change = z.infer<typeof changeSchema>;
/** See `bootSchema`. */
export type Boot = z.infer<typeof bootSchema>;

/** A change for people: the first digits of a commit are enough. */
export function nameChange({ id, subject }: Change): string {
  const name = id.replace(/^([0-9a-f]{12})[0-9a-f]{28,}$/, '$1');
  return subject === id ? name : `${name} ("${subject}")`;
}

/** What all boots of a change say about its kernel. */
export type Answer =
  | { readonly kind: 'kept' }
  | { readonly kind: 'broken' }
  /** The invariant cannot be judged, or is broken for another reason. */
  | { readonly kind: 'skip'; readonly why: string };

/** How boots are interpreted. */
export interface Reading {
  /** The reason for which a kernel must break the invariant to count as bad; null to take that of the bad end. */
  readonly reason: Reason | null;
  /** The end of the range that breaks the invariant, by its id. */
  readonly badEnd: string;
  readonly confidence: number;
}

/** What the boots so far add up to. */
export interface Answers {
  /** How many boots in a row must keep the invariant. */
  readonly wanted: number;
  /** By the id of the change, in the order of first boots; null if it must be booted again. */
  readonly byChange: ReadonlyMap<string, Answer | null>;
}

/**
 * Interprets boots. A kernel is settled by a single boot that breaks the invariant for the right reason, by `wanted`
 * boots that keep it (`keptWanted`), and by one boot that says nothing, or two if the host may be to blame. The bad end
 * teaches how often the fault shows, and is booted as often as a kernel must keep the invariant to count as good.
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
  /** How many said nothing. */
  readonly untold: number;
  /** Why it is skipped, once that is settled. */
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
        : { ...before, skip: `broken in another way: ${difference}` };
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
    : { kind: 'skip', why: `kept ${kept} times, too few for a fault that shows so rarely` };
}

/** Why the bad end breaks the invariant: the reason of its first broken boot. */
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
