// SPDX-License-Identifier: MIT
/** What a run of the fuzzer is given, what it has of the world, and what it comes to. */
import type { CellSpec } from '../bundle/cell-record.ts';
import type { CaseOutcome } from './finding-class.ts';
import type { FuzzCase } from './fuzz-case.ts';
import type { CaseChoices } from './generate-case.ts';
import type { Finding, Journal, JournalLine } from './journal.ts';

/** What is fuzzed. */
export interface FuzzPlan {
  readonly kernels: readonly string[];
  readonly policy: CellSpec['policy'];
  readonly seed: number;
  readonly choices: CaseChoices;
  /** Cases of this seed, with those of earlier runs; null for no limit. */
  readonly cases: number | null;
  /** Machines at a time. */
  readonly jobs: number;
  /** Machines that may be used to make one finding smaller. */
  readonly shrinkRuns: number;
  /** What stands for the kernels, the policy and the choices in the journal. */
  readonly run: string;
  readonly journal: Journal;
}

/** What the model says of a case: how it ends, and what it did on the way; each in a few words. */
export interface CasePrediction {
  readonly end: string;
  readonly features: readonly string[];
}

/** What the fuzzer has of the world. */
export interface FuzzEdges {
  /** What the model says of a case before it runs. */
  readonly predict: (given: FuzzCase, kernel: string) => CasePrediction;
  /** Runs a case on a machine. */
  readonly run: (given: FuzzCase, kernel: string) => Promise<CaseOutcome>;
  readonly timeIsOver: () => boolean;
  /** Resolves once the line is on disk. */
  readonly note: (line: JournalLine) => Promise<void>;
  readonly onStep: (text: string) => void;
}

/** What a run of the fuzzer came to. */
export interface FuzzResult {
  /** Cases that all kernels ran now, and of this seed before. */
  readonly cases: number;
  readonly earlier: number;
  /** Machines that were used, also to make findings smaller. */
  readonly machines: number;
  /** How the machines of cases ended: those that judged, and those that could not, by why. */
  readonly judged: number;
  readonly unjudged: ReadonlyMap<string, number>;
  /** Different things that the model did in the cases of this run. */
  readonly features: number;
  /** What was found, now or again. */
  readonly findings: readonly Finding[];
  /** Findings of earlier runs that the same machine does not show any more. */
  readonly gone: readonly Finding[];
}
