// SPDX-License-Identifier: MIT
import type { CaseOutcome } from './finding-class.ts';
import type { FuzzCase } from './fuzz-case.ts';
import type { FuzzEdges, FuzzPlan, FuzzResult } from './fuzz-plan.ts';
import { type Finding, type JournalLine, WORDS_LIMIT, findingKey } from './journal.ts';
import { shrink } from './shrink.ts';
import { SteeredCases } from './steer.ts';

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

/** Boots in which a kernel must show again what it showed: with KASLR each boot is another machine. */
const MOST_TRIES = 5;

type Found = Extract<CaseOutcome, { kind: 'found' }>;

/** Where a finding comes from. */
type Origin = Pick<Finding, 'kernel' | 'nr' | 'predicted'>;

/** What came of booting a case again. */
interface Again {
  readonly shown: boolean;
  readonly boots: number;
  readonly last: CaseOutcome;
}

/** How often a machine is booted before it counts as one that does not show a finding. */
function triesOf({ state, boots }: Finding): number {
  return state !== 'once' && boots === 1 ? 1 : MOST_TRIES;
}

/** A run of the fuzzer, which collects what it finds. */
class Fuzzer {
  readonly #plan: FuzzPlan;
  readonly #edges: FuzzEdges;
  readonly #cases: SteeredCases;
  readonly #done: ReadonlySet<number>;
  readonly #features = new Set<string>();
  readonly #found = new Map<string, Finding>();
  readonly #gone: Finding[] = [];
  readonly #unjudged = new Map<string, number>();
  #ran = 0;
  #machines = 0;
  #judged = 0;
  #hasFailed = false;

  constructor(plan: FuzzPlan, edges: FuzzEdges) {
    this.#plan = plan;
    this.#edges = edges;
    const { seed, run, choices } = plan;
    // The first kernel's model is enough: most of what is new for one is for the others.
    const featuresOf = (given: FuzzCase): readonly string[] =>
      edges.predict(given, plan.kernels[0] ?? '').features;
    this.#cases = new SteeredCases(seed, choices, featuresOf);
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
      cases: this.#ran,
      earlier: this.#done.size,
      machines: this.#machines,
      judged: this.#judged,
      unjudged: this.#unjudged,
      features: this.#features.size,
      findings: [...this.#found.values()],
      gone: this.#gone,
    };
  }

  *#tasks(): Generator<() => Promise<void>> {
    const { journal, kernels, policy, cases } = this.#plan;
    for (const finding of journal.findings) {
      const isAsked = kernels.includes(finding.kernel) && finding.policy === policy;
      if (isAsked) yield () => this.#tryAgain(finding);
    }
    const end = cases ?? Infinity;
    for (let nr = 0; nr < end; nr += 1) {
      if (!this.#done.has(nr)) {
        const given = this.#cases.at(nr);
        yield () => this.#tryCase(nr, given);
      }
    }
  }

  async #tryAgain(finding: Finding): Promise<void> {
    const tries = triesOf(finding);
    const again = await this.#again(finding.case, finding, tries);
    this.#count(again.last);
    if (!again.shown) {
      // Of fewer boots than it may need nothing follows.
      if (again.last.kind !== 'unjudged' && again.boots >= tries) this.#gone.push(finding);
      return;
    }
    this.#found.set(findingKey(finding), finding);
    this.#edges.onStep(`${finding.kernel} still shows: ${finding.class}`);
    if (finding.state !== 'minimal') await this.#makeSmaller({ ...finding, boots: again.boots });
  }

  async #tryCase(nr: number, given: FuzzCase): Promise<void> {
    const { seed, kernels, run, cases } = this.#plan;
    const outcomes: Extract<JournalLine, { kind: 'case' }>['outcomes'] = [];
    for (const kernel of kernels) {
      const { end, features } = this.#edges.predict(given, kernel);
      const predicted = end.slice(0, WORDS_LIMIT);
      for (const feature of features) this.#features.add(feature);
      const outcome = await this.#run(given, kernel);
      this.#count(outcome);
      if (outcome.kind === 'found') await this.#onFound(given, outcome, { kernel, nr, predicted });
      outcomes.push({ predicted, outcome: outcome.kind });
    }
    await this.#edges.note({ kind: 'case', run, seed, nr, outcomes });
    this.#ran += 1;
    const left = cases === null ? '' : `${cases - this.#ran - this.#done.size} left; `;
    const ends = outcomes.map(({ outcome }) => outcome).join(', ');
    this.#edges.onStep(`case ${nr}: ${ends}; ${left}findings: ${this.#found.size}`);
  }

  /** Makes the first finding of its class small; any other of the class says nothing new. */
  async #onFound(given: FuzzCase, outcome: Found, from: Origin): Promise<void> {
    const finding = this.#findingOf(given, outcome, from);
    if (!this.#isNew(finding)) return;
    // At once: another worker may find it while this one makes it smaller.
    this.#found.set(findingKey(finding), { ...finding, state: 'smaller' });
    this.#edges.onStep(`case ${from.nr}: ${from.kernel} shows: ${finding.class}`);
    const { shown, boots } = await this.#again(given, finding, MOST_TRIES);
    if (shown) await this.#makeSmaller({ ...finding, boots });
    else await this.#keep({ ...finding, boots });
  }

  /** Whether nothing of its class is known, or only that it was seen once. */
  #isNew(finding: Finding): boolean {
    const key = findingKey(finding);
    const { findings } = this.#plan.journal;
    const known = this.#found.get(key) ?? findings.find((one) => findingKey(one) === key);
    if (known && known.state !== 'once') this.#found.set(key, known);
    return known === undefined || known.state === 'once';
  }

  #findingOf(given: FuzzCase, outcome: Found, { kernel, nr, predicted }: Origin): Finding {
    const { seed, policy } = this.#plan;
    return {
      kind: 'finding',
      class: outcome.class.slice(0, WORDS_LIMIT),
      kernel,
      policy,
      case: given,
      why: outcome.why.slice(0, WORDS_LIMIT),
      predicted,
      seed,
      nr,
      state: 'once',
      boots: 1,
      others: [],
    };
  }

  /** Boots a case until it shows the same again, so often at most. What else it shows is kept, too. */
  async #again(given: FuzzCase, finding: Finding, tries: number): Promise<Again> {
    for (let boots = 1; ; boots += 1) {
      const last = await this.#run(given, finding.kernel);
      if (last.kind === 'found') {
        const other = this.#findingOf(given, last, finding);
        if (other.class === finding.class) return { shown: true, boots, last };
        const key = findingKey(other);
        if (!this.#found.has(key) && this.#isNew(other)) await this.#keep(other);
      }
      const isOver = boots >= tries || this.#hasFailed || this.#edges.timeIsOver();
      if (isOver) return { shown: false, boots, last };
    }
  }

  async #makeSmaller(from: Finding): Promise<void> {
    let finding: Finding = { ...from, state: 'smaller' };
    await this.#keep(finding);
    let left = this.#plan.shrinkRuns;
    const { isMinimal } = await shrink(from.case, {
      shows: async (smaller) => {
        const { shown, boots } = await this.#again(smaller, from, triesOf(finding));
        left -= boots;
        return shown;
      },
      goesOn: () => left > 0 && !this.#hasFailed && !this.#edges.timeIsOver(),
      onSmaller: async (smaller) => {
        finding = { ...finding, case: smaller };
        await this.#keep(finding);
      },
    });
    const others = isMinimal || left <= 0 ? await this.#showsOn(finding.case, finding.kernel) : [];
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
