// SPDX-License-Identifier: MIT
import type { CellSpec } from '../bundle/cell-record.ts';
import type { CaseOutcome } from './finding-class.ts';
import type { FuzzCase } from './fuzz-case.ts';
import { generateCase } from './generate-case.ts';
import {
  type Finding,
  type Journal,
  type JournalLine,
  WORDS_LIMIT,
  findingKey,
} from './journal.ts';
import { shrink } from './shrink.ts';

/** What is fuzzed. */
export interface FuzzPlan {
  readonly kernels: readonly string[];
  readonly policy: CellSpec['policy'];
  readonly seed: number;
  /** Cases of this seed, with those of earlier runs; null for no limit. */
  readonly cases: number | null;
  /** Machines at a time. */
  readonly jobs: number;
  /** Machines that may be used to make one finding smaller. */
  readonly shrinkRuns: number;
  /** What stands for the kernels and the policy in the journal. */
  readonly run: string;
  readonly journal: Journal;
}

/** What the fuzzer has of the world. */
export interface FuzzEdges {
  /** What the model says of a case before it runs, in a few words. */
  readonly predict: (given: FuzzCase, kernel: string) => string;
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
  /** What was found, now or again. */
  readonly findings: readonly Finding[];
  /** Findings of earlier runs that the same machine does not show any more. */
  readonly gone: readonly Finding[];
}

/** Cases between two words on how far it is. */
const PROGRESS_EACH = 10;

/**
 * Runs the findings of earlier runs, then random cases, on every kernel, and makes the first finding of each class as
 * small as the budget allows. Ends when the cases or the time are used up. Rejects as soon as all machines have ended
 * after one rejected.
 */
export async function fuzz(plan: FuzzPlan, edges: FuzzEdges): Promise<FuzzResult> {
  const fuzzer = new Fuzzer(plan, edges);
  await fuzzer.work();
  return fuzzer.result();
}

/** A run of the fuzzer, which collects what it finds. */
class Fuzzer {
  readonly #plan: FuzzPlan;
  readonly #edges: FuzzEdges;
  readonly #done: ReadonlySet<number>;
  readonly #found = new Map<string, Finding>();
  readonly #gone: Finding[] = [];
  readonly #unjudged = new Map<string, number>();
  #cases = 0;
  #machines = 0;
  #judged = 0;
  #hasFailed = false;

  constructor(plan: FuzzPlan, edges: FuzzEdges) {
    this.#plan = plan;
    this.#edges = edges;
    const { seed, run } = plan;
    const ours = plan.journal.cases.filter((ran) => ran.run === run && ran.seed === seed);
    this.#done = new Set(ours.map(({ nr }) => nr));
  }

  async work(): Promise<void> {
    const tasks = this.#tasks();
    const worker = async (): Promise<void> => {
      for (const task of tasks) {
        if (this.#hasFailed || this.#edges.timeIsOver()) return;
        try {
          await task();
        } catch (error) {
          this.#hasFailed = true;
          throw error;
        }
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: this.#plan.jobs }, worker));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  }

  result(): FuzzResult {
    return {
      cases: this.#cases,
      earlier: this.#done.size,
      machines: this.#machines,
      judged: this.#judged,
      unjudged: this.#unjudged,
      findings: [...this.#found.values()],
      gone: this.#gone,
    };
  }

  *#tasks(): Generator<() => Promise<void>> {
    const { journal, kernels, policy, cases } = this.#plan;
    for (const finding of journal.findings) {
      const isAsked = kernels.includes(finding.kernel) && finding.policy === policy;
      if (isAsked && finding.state !== 'once') yield () => this.#tryAgain(finding);
    }
    for (let nr = 0; cases === null || nr < cases; nr += 1) {
      if (!this.#done.has(nr)) yield () => this.#tryCase(nr);
    }
  }

  async #tryAgain(finding: Finding): Promise<void> {
    const { kernel, case: given } = finding;
    const outcome = await this.#run(given, kernel);
    this.#count(outcome);
    if (outcome.kind === 'match') this.#gone.push(finding);
    if (outcome.kind !== 'found') return;
    if (outcome.class !== finding.class) return this.#onFound(given, outcome, finding);
    this.#found.set(findingKey(finding), finding);
    this.#edges.onStep(`${kernel} still shows: ${finding.class}`);
    if (finding.state === 'smaller') await this.#makeSmaller(finding);
  }

  async #tryCase(nr: number): Promise<void> {
    const { seed, kernels, run, cases } = this.#plan;
    const given = generateCase(seed, nr);
    const outcomes: Extract<JournalLine, { kind: 'case' }>['outcomes'] = [];
    for (const kernel of kernels) {
      const predicted = this.#edges.predict(given, kernel).slice(0, WORDS_LIMIT);
      const outcome = await this.#run(given, kernel);
      this.#count(outcome);
      if (outcome.kind === 'found') await this.#onFound(given, outcome, { kernel, nr, predicted });
      outcomes.push({ predicted, outcome: outcome.kind });
    }
    await this.#edges.note({ kind: 'case', run, seed, nr, outcomes });
    this.#cases += 1;
    const all = this.#cases + this.#done.size;
    if (this.#cases % PROGRESS_EACH !== 0) return;
    const left = cases === null ? '' : `, ${cases - all} left`;
    this.#edges.onStep(`${all} cases${left}; findings: ${this.#found.size}`);
  }

  /** Makes the first finding of its class small; any other of the class says nothing new. */
  async #onFound(
    given: FuzzCase,
    outcome: Extract<CaseOutcome, { kind: 'found' }>,
    from: Pick<Finding, 'kernel' | 'nr' | 'predicted'>,
  ): Promise<void> {
    const { seed, policy, journal } = this.#plan;
    const { kernel, nr, predicted } = from;
    const finding: Finding = {
      kind: 'finding',
      class: outcome.class.slice(0, WORDS_LIMIT),
      kernel,
      policy,
      case: given,
      why: outcome.why.slice(0, WORDS_LIMIT),
      predicted,
      seed,
      nr,
      state: 'smaller',
      others: [],
    };
    const key = findingKey(finding);
    if (this.#found.has(key)) return;
    const earlier = journal.findings.find((one) => findingKey(one) === key);
    // At once: another worker may find it while this one makes it smaller.
    this.#found.set(key, earlier ?? finding);
    if (earlier && earlier.state !== 'once') return;
    this.#edges.onStep(`case ${nr}: ${kernel} shows: ${finding.class}`);
    const again = await this.#run(given, kernel);
    const repeats = again.kind === 'found' && again.class === outcome.class;
    if (repeats) await this.#makeSmaller(finding);
    else await this.#keep({ ...finding, state: 'once' });
  }

  async #makeSmaller(from: Finding): Promise<void> {
    await this.#keep(from);
    const { kernel } = from;
    let finding = from;
    let left = this.#plan.shrinkRuns;
    const { smallest, isMinimal } = await shrink(from.case, {
      shows: async (smaller) => {
        left -= 1;
        const outcome = await this.#run(smaller, kernel);
        return outcome.kind === 'found' && outcome.class === from.class;
      },
      goesOn: () => left > 0 && !this.#hasFailed && !this.#edges.timeIsOver(),
      onSmaller: async (smaller) => {
        finding = { ...finding, case: smaller };
        await this.#keep(finding);
      },
    });
    const others = isMinimal || left <= 0 ? await this.#showsOn(smallest, kernel) : [];
    await this.#keep({ ...finding, state: isMinimal ? 'minimal' : 'smaller', others });
  }

  /** What the other kernels show of the same machine. */
  async #showsOn(given: FuzzCase, but: string): Promise<Finding['others']> {
    const others: Finding['others'] = [];
    for (const kernel of this.#plan.kernels.filter((one) => one !== but)) {
      others.push({ kernel, outcome: (await this.#run(given, kernel)).kind });
    }
    return others;
  }

  async #keep(finding: Finding): Promise<void> {
    this.#found.set(findingKey(finding), finding);
    await this.#edges.note(finding);
  }

  #run(given: FuzzCase, kernel: string): Promise<CaseOutcome> {
    this.#machines += 1;
    return this.#edges.run(given, kernel);
  }

  #count(outcome: CaseOutcome): void {
    if (outcome.kind !== 'unjudged') this.#judged += 1;
    else this.#unjudged.set(outcome.why, (this.#unjudged.get(outcome.why) ?? 0) + 1);
  }
}
