// SPDX-License-Identifier: MIT
import type { LowMemory } from './low-memory.ts';
import type { ModelInputs } from './model-inputs.ts';

/** What one function of the kernel does to low memory. */
export type Step = (memory: LowMemory, inputs: ModelInputs) => LowMemory;
