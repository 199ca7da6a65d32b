// SPDX-License-Identifier: MIT

/**
 * The names of the policies by which kernels decide who owns low memory, oldest first.
 * `model/policies.ts` has the row of each.
 */
export const POLICY_IDS = [
  'backup-region',
  'lock-on-crashkernel',
  'keep-on-crashkernel',
  'reserve-1m',
  'reserve-1m-deferred',
  'reserve-1m-whole',
  'two-phase',
  'two-phase-v2',
] as const;

/** See `POLICY_IDS`. */
export type PolicyId = (typeof POLICY_IDS)[number];
