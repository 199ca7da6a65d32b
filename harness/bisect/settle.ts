// SPDX-License-Identifier: MIT

/** How often a broken invariant showed, over boots of kernels that are known to break it. */
export interface Tally {
  readonly broken: number;
  readonly kept: number;
}

/** The chance, before anything is seen, that a kernel that breaks an invariant shows it in every boot. */
const ALWAYS = 0.9;

/** No kernel is booted more often than this for one answer. */
export const BOOTS_LIMIT = 64;

/**
 * How many boots in a row must keep the invariant before a kernel counts as one that keeps it: so many that the chance
 * that it is one of those that break it is at most `1 - confidence`, having been even before.
 *
 * A kernel that was seen to break it once breaks it: what is open is only whether one that kept it `n` times is a bad
 * one on good days. So this is a sequential test of one side, and it needs to know how often bad kernels show it. That is
 * learnt from those already found, `tally`. Before: with chance 0.9 they always do, else at a rate of which nothing is
 * known (uniform; Beta(1, 1)). By Bayes the chance that a bad kernel is kept `n` times on end is then
 *
 *     weight × B(broken + 1, kept + n + 1) / B(broken + 1, kept + 1)
 *
 * where `weight` is what is left of the 0.1: all of it once a bad kernel has had a good day. With 0.99: one boot is
 * enough when two boots of the bad end were broken; nine when none is known to show it; with a fault that showed in 5 of
 * 10 boots it is ten.
 *
 * `BOOTS_LIMIT + 1` if more than that would be needed.
 */
export function keptWanted(tally: Tally, confidence: number): number {
  const { broken, kept } = tally;
  let chance = sometimes(tally);
  for (let boots = 1; boots <= BOOTS_LIMIT; boots++) {
    // B(b + 1, k + n + 1) / B(b + 1, k + n) = (k + n) / (b + k + n + 1)
    chance *= (kept + boots) / (broken + kept + boots + 1);
    if (chance / (1 + chance) <= 1 - confidence) return boots;
  }
  return BOOTS_LIMIT + 1;
}

/** The chance that bad kernels do not show it in every boot. */
function sometimes({ broken, kept }: Tally): number {
  if (kept > 0) return 1;
  // Over all rates, that all boots are broken has the chance B(broken + 1, 1) = 1 / (broken + 1).
  const weight = (1 - ALWAYS) / (broken + 1);
  return weight / (ALWAYS + weight);
}
