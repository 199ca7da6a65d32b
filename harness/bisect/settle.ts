// SPDX-License-Identifier: MIT

/** How often a broken invariant showed in boots of kernels that are known to break it. */
export interface Tally {
  readonly broken: number;
  readonly kept: number;
}

/** The prior chance that a kernel that breaks an invariant shows it in every boot. */
const ALWAYS = 0.9;

/** No kernel is booted more often than this for one answer. */
export const BOOTS_LIMIT = 64;

/**
 * How many boots in a row must keep the invariant before a kernel counts as good: as many as bring
 * the chance that it is a bad one, even odds at first, down to `1 - confidence`.
 *
 * A kernel that breaks it once is bad; the only question is whether one that kept it `n` times is a
 * bad one on good days. So this is a one-sided sequential test, and it must know how often bad
 * kernels show the fault. It learns that from those already found, `tally`. The prior: with chance
 * 0.9 they always show it, else at an unknown rate (uniform; Beta(1, 1)). By Bayes the chance that
 * a bad kernel keeps it `n` times in a row is then
 *
 *     weight × B(broken + 1, kept + n + 1) / B(broken + 1, kept + 1)
 *
 * where `weight` is the posterior of the 0.1: 1 once a bad kernel has had a good day. With 0.99,
 * one boot is enough if two boots of the bad end were broken; it takes nine if none is known to
 * show the fault, and ten for a fault that showed in 5 of 10 boots.
 *
 * `BOOTS_LIMIT + 1` if it would take more than that.
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

/** The chance that bad kernels do not show the fault in every boot. */
function sometimes({ broken, kept }: Tally): number {
  if (kept > 0) return 1;
  // Over all rates, the chance that all boots are broken is B(broken + 1, 1) = 1 / (broken + 1).
  const weight = (1 - ALWAYS) / (broken + 1);
  return weight / (ALWAYS + weight);
}
