// SPDX-License-Identifier: MIT
import type { EvidenceFile } from '../bundle/evidence.ts';
import type { Pfn } from '../memory/pfn.ts';
import type { PolicyId } from '../policy-id.ts';
import type { Prediction } from '../model/prediction.ts';
import type { Finding } from './invariants/finding.ts';
import type { InvariantId } from './invariants/invariants.ts';
import type { Observation } from './observe/observation.ts';

/** What became of one invariant in one cell. */
export interface InvariantOutcome {
  readonly id: InvariantId;
  /**
   * `known`: broken, and listed as a known defect. `unseen`: the cell should show it and does not.
   * `not-asked`: the invariant does not apply to this cell. `why` gives the reason.
   */
  readonly outcome: Finding['outcome'] | 'known';
  /** The known defect that is listed for this cell, if any. */
  readonly known: { readonly reference: string } | null;
  /** One sentence: what was promised and what was seen. */
  readonly why: string;
  /** The pages concerned. */
  readonly pages: readonly Pfn[];
  /** The file that shows it, or null. */
  readonly evidence: EvidenceFile | null;
  /** See `Finding`. */
  readonly shownBy?: string;
}

/** Why an invariant was not seen or not asked, and what would show it. */
export function whyUnseen({ why, shownBy }: Pick<InvariantOutcome, 'why' | 'shownBy'>): string {
  return shownBy === undefined ? why : `${why}; ${shownBy} would show it`;
}

/** What a cell says of its kernel; DESIGN.md, "Evidence on the host". */
export type Verdict =
  | { readonly kind: 'match' }
  | {
      readonly kind: 'mismatch';
      readonly broken: readonly InvariantId[];
      /** Why the rest could not be judged, where something else than the kernel ended the cell. */
      readonly cutShort?: Unjudged;
    }
  | { readonly kind: 'boot-failure'; readonly lastLine: string }
  | { readonly kind: 'no-vmcore'; readonly phase: 'crash' | 'capture' }
  | Unjudged;

/** sub1m cannot tell; `code` is the error's, `why` its message. */
export interface Unjudged {
  readonly kind: 'unjudged';
  readonly code: string;
  readonly why: string;
}

/** What became of a seeded fault. */
export interface FaultOutcome {
  readonly name: string;
  /** The invariants that should catch it. */
  readonly caughtBy: readonly string[];
  /** Those of them that did; none if it was missed. */
  readonly caught: readonly InvariantId[];
}

/** The whole judgement of one cell. */
export interface Judgement {
  /**
   * The policy the kernel was held to and how it was chosen, or null when the cell shows too
   * little.
   */
  readonly policy: { readonly id: PolicyId; readonly how: string } | null;
  readonly observation: Observation;
  /**
   * Null when there was too little to predict from; then `lowmem.matches-model` is unseen and says
   * why.
   */
  readonly prediction: Prediction | null;
  readonly invariants: readonly InvariantOutcome[];
  /** Null for a kernel without a seeded fault. */
  readonly fault: FaultOutcome | null;
  readonly verdict: Verdict;
}
