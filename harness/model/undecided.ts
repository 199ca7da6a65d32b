// SPDX-License-Identifier: MIT
/**
 * A prediction from inputs that leave something open: how many ranges memblock has reserved when its list is nearly full.
 * Each number that is possible is tried; what comes out the same for all is predicted, the rest is undecided.
 */
import type { LowMemory, PageEvent, PageFate } from './low-memory.ts';
import type { Owner } from './owners.ts';
import type { Moment } from './moments.ts';

/** What the steps of a policy lead to. */
export interface Outcome extends Pick<
  LowMemory,
  'pages' | 'trampoline' | 'panic' | 'logLines' | 'memblockCalls'
> {
  readonly moments: Readonly<Record<Moment, readonly Owner[]>>;
}

/** What of a prediction is undecided; the pages have the owner `undecided`. */
export interface Doubt {
  readonly why: string;
  /** What would decide it: it goes on the command line. */
  readonly shownBy: string;
  /** Whether the place of the trampoline is. */
  readonly trampoline: boolean;
  /** Whether the kernel may panic, or may not. */
  readonly panic: boolean;
}

const WHY =
  'memblock has nearly as many reserved ranges as its list has room for, and their number is not known';

const EVENT: PageEvent = {
  step: 'memblock_double_array',
  owner: 'undecided',
  why: `${WHY}: memblock=debug tells it`,
};

/** What all outcomes have in common, the rest undecided. */
export function combine(
  first: Outcome,
  others: readonly Outcome[],
): Outcome & { readonly doubt: Doubt | null } {
  const all = [first, ...others];
  const pages = first.pages.map((fate, page): PageFate => {
    const isAlike = others.every((other) => other.pages[page]?.owner === fate.owner);
    return isAlike ? fate : { owner: EVENT.owner, history: [...fate.history.slice(0, 1), EVENT] };
  });
  const trampoline = others.some(({ trampoline: at }) => at?.start !== first.trampoline?.start);
  const panic = others.some((other) => other.panic?.line !== first.panic?.line);
  const hasDoubt = trampoline || panic || pages.some(({ owner }) => owner === EVENT.owner);
  if (!hasDoubt) return { ...first, doubt: null };
  return {
    ...first,
    pages,
    moments: Object.fromEntries(
      Object.entries(first.moments).map(([moment, owners]) => [
        moment,
        commonOwners(
          owners,
          all.map(({ moments }) => moments[moment as Moment]),
        ),
      ]),
    ) as Record<string, readonly Owner[]> as Outcome['moments'],
    trampoline: trampoline ? null : first.trampoline,
    panic: panic ? null : first.panic,
    logLines: first.logLines.filter((line) =>
      others.every((other) => other.logLines.includes(line)),
    ),
    doubt: { why: WHY, shownBy: 'memblock=debug', trampoline, panic },
  };
}

function commonOwners(owners: readonly Owner[], all: readonly (readonly Owner[])[]): Owner[] {
  return owners.map((owner, page) =>
    all.every((one) => one[page] === owner) ? owner : EVENT.owner,
  );
}
