// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { unjudgedRow } from '../check/observe/unjudged-codes.ts';
import type { InvariantId } from '../check/invariants/invariants.ts';
import type { InvariantOutcome, Judgement, Verdict } from '../check/judgement.ts';
import { pagesOfRun, renderPages } from '../memory/page-map.ts';
import { LOW_PAGES } from '../memory/pfn.ts';

/** How a broken invariant is recognised in another kernel. */
const reasonSchema = z.object({
  /** The pages below 1 MiB at fault, as runs: `0x10-0x13`. Pages above move with every build and say nothing. */
  pages: z.array(z.string()),
  /** The kernel functions that freed them in the model; null if the model does not free them. */
  steps: z.array(z.string()).nullable(),
  /** How the kernel ended the cell, without what varies from boot to boot; null if it did not. */
  end: z.string().nullable(),
});

/** What one boot showed about the invariant. */
export const factSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('kept'), why: z.string() }),
  z.object({ kind: z.literal('broken'), why: z.string(), reason: reasonSchema }),
  /** Nothing was shown, or there was no kernel to boot. */
  z.object({
    kind: z.literal('untold'),
    why: z.string(),
    /** Whether the host seems to be the cause, so that another boot may show it. */
    again: z.boolean(),
  }),
]);

/** See `reasonSchema`. */
export type Reason = z.infer<typeof reasonSchema>;
/** See `factSchema`. */
export type Fact = z.infer<typeof factSchema>;

/** What a judged cell shows about an invariant. A known defect counts as broken. */
export function factOf(judgement: Judgement, id: InvariantId): Fact {
  const found = judgement.invariants.find((invariant) => invariant.id === id);
  if (!found || found.outcome === 'unseen' || found.outcome === 'not-asked')
    return untold(judgement, found?.why ?? `${id} is not judged`);
  const { verdict } = judgement;
  if (verdict.kind === 'unjudged' && unjudgedRow(verdict.code).isOtherMachine)
    return untold(judgement, verdict.why);
  const { outcome, why } = found;
  return outcome === 'kept'
    ? { kind: 'kept', why }
    : { kind: 'broken', why, reason: reasonOf(judgement, found) };
}

function untold({ verdict }: Judgement, why: string): Fact {
  const again = verdict.kind === 'unjudged' && unjudgedRow(verdict.code).mayPass;
  return { kind: 'untold', why: endOf(verdict) ?? why, again };
}

function reasonOf({ prediction, verdict }: Judgement, { pages }: InvariantOutcome): Reason {
  const low = pages.filter((page) => page < LOW_PAGES);
  const fates = low.map((page) => prediction?.pages[page]);
  const isFreed = fates.length > 0 && fates.every((fate) => fate?.owner === 'free');
  // The first event is the e820 map's: a page without another was never reserved.
  const steps = fates.flatMap((fate) => fate?.history.slice(1).at(-1)?.step ?? []);
  const end = endOf(verdict);
  return {
    pages: renderPages(low),
    steps: isFreed ? [...new Set(steps)] : null,
    end: end && withoutNumbers(end),
  };
}

/** How a kernel ended its cell, in words; null if it did not. */
function endOf(verdict: Verdict): string | null {
  switch (verdict.kind) {
    case 'boot-failure':
      return `It does not boot: ${verdict.lastLine}`;
    case 'no-vmcore':
      return `It is lost in the ${verdict.phase}`;
    case 'unjudged':
      return verdict.why;
    case 'match':
    case 'mismatch':
      return null;
  }
}

/** Times, addresses and CPUs differ from boot to boot. */
export function withoutNumbers(text: string): string {
  return text.replaceAll(/\b(?:0x)?[0-9a-f]*\d[0-9a-f.]*\b/gi, '#');
}

/**
 * How the reasons differ for which two kernels break an invariant, in words that complete "broken in another way: ";
 * null if they agree: they have pages and a freeing function in common, or the same end.
 */
export function differenceOf(found: Reason, wanted: Reason): string | null {
  const foundPages = new Set(found.pages.flatMap(pagesOfRun));
  const wantedPages = wanted.pages.flatMap(pagesOfRun);
  if (foundPages.size > 0 && wantedPages.length > 0) {
    if (!wantedPages.some((page) => foundPages.has(page))) {
      return `pages ${found.pages.join(', ')}, none of ${wanted.pages.join(', ')}`;
    }
  } else if (found.end !== wanted.end) {
    return `${found.end ?? 'It does not end the cell'}, not: ${wanted.end ?? 'it goes on'}`;
  }
  if (found.steps === null || wanted.steps === null) return null;
  const isSameStep = wanted.steps.some((step) => found.steps?.includes(step));
  if (isSameStep || found.steps.length + wanted.steps.length === 0) return null;
  return `freed by ${nameSteps(found.steps)}, not by ${nameSteps(wanted.steps)}`;
}

function nameSteps(steps: readonly string[]): string {
  return steps.join(' and ') || 'nothing: never reserved';
}
