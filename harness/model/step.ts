// SPDX-License-Identifier: MIT
import type { KernelDetails } from './kernel-details.ts';
import type { LowMemory } from './low-memory.ts';
import type { ModelInputs } from './model-inputs.ts';

/** What a machine was given, and what is particular to its kernel. */
export interface StepInputs extends ModelInputs {
  readonly kernel: KernelDetails;
}

/** What one function of the kernel does to low memory. */
export type Step = (memory: LowMemory, inputs: StepInputs) => LowMemory;
