// SPDX-License-Identifier: MIT
import type { PhysRange } from '../memory/phys-range.ts';
import { type PageFate, initialLowMemory } from './low-memory.ts';
import { POLICIES, type PolicyId } from './policies.ts';
import type { ModelInputs, Step } from './steps.ts';

/** What a kernel that follows a policy makes of the memory below 1 MiB. */
export interface Prediction {
  readonly policy: PolicyId;
  /** The final owner of each of the 256 pages, and how it came to it. */
  readonly pages: readonly PageFate[];
  /** Where the trampoline lies, or null if it finds no place: then `init_real_mode()` panics. */
  readonly trampoline: PhysRange | null;
}

/** Predicts the owner of every page below 1 MiB. */
export function predict(inputs: ModelInputs, policy: PolicyId): Prediction {
  const steps: readonly Step[] = POLICIES[policy].steps;
  const found = initialLowMemory(inputs.e820);
  const { pages, trampoline } = steps.reduce((memory, step) => step(memory, inputs), found);
  return { policy, pages, trampoline };
}
