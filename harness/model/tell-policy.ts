// SPDX-License-Identifier: MIT
import { type PolicyId, POLICY_IDS } from '../policy-id.ts';
import type { KernelTraits } from './kernel-traits.ts';
import { POLICIES } from './policies.ts';

/** The policy that a kernel is held to, and how it was chosen: the words after "because". */
export interface PolicyChoice {
  readonly id: PolicyId;
  readonly how: string;
}

/** Newer kernels still have what older ones are recognized by. */
const NEWEST_FIRST: readonly PolicyId[] = POLICY_IDS.toReversed();

/** Recognizes a kernel's policy by what it has; undefined if nothing matches. */
export function tellPolicy(traits: KernelTraits): PolicyChoice | undefined {
  for (const id of NEWEST_FIRST) {
    const told = POLICIES[id].toldBy.find(({ when }) => when(traits));
    if (told) return { id, how: told.how };
  }
  return undefined;
}

/** A kernel's policy by its release alone; `meets` says whether it meets a condition. */
export function tellPolicyOfRelease(meets: (condition: string) => boolean): PolicyId | undefined {
  return NEWEST_FIRST.find((id) => POLICIES[id].releases.some(meets));
}
