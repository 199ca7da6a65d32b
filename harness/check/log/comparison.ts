// SPDX-License-Identifier: MIT
import type { Pfn } from '../../memory/pfn.ts';
import type { ModelInputs } from '../../model/model-inputs.ts';
import type { Prediction } from '../../model/prediction.ts';

/** One thing that the log shows, and the prediction of it. */
export interface Comparison {
  readonly what: string;
  readonly seen: string;
  readonly predicted: string;
  readonly agrees: boolean;
  /** The pages on which they differ, where those are known. */
  readonly pages: readonly Pfn[];
}

/** What the rows compare. */
export interface Predicted {
  readonly inputs: ModelInputs;
  readonly prediction: Prediction;
  readonly is32Bit: boolean;
  /** Whether all boot services are known, or there are none: the machine is without EFI, or its map is in the log. */
  readonly hasBootServices: boolean;
}
