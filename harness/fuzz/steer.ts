// SPDX-License-Identifier: MIT
import type { FuzzCase } from './fuzz-case.ts';
import { type CaseChoices, generateCase } from './generate-case.ts';
import { inputPairs } from './input-pairs.ts';
import { mutateCase } from './mutate-case.ts';
import { type Random, randomFor } from './random.ts';

/** Cases after which choosing begins anew: the model shows most of what it can within so many. */
const ROUND = 100;

/** Cases among which one is chosen: a new one, and others made from those that brought something. */
const CANDIDATES = 8;

/** What something new of the model counts, against a pair of inputs that is new. */
const MODEL_WEIGHT = 10;

/** Sets the choices of steering apart from those of `generateCase()`. */
const STEERING = 0x5eed;

/** What a case makes the model do, each in a few words. */
type FeaturesOf = (given: FuzzCase) => readonly string[];

/**
 * The cases of a seed, each chosen for what it has that no earlier case of its round has: what the model does with it,
 * and pairs of inputs. The same seed, choices and model make the same cases.
 */
export class SteeredCases {
  readonly #seed: number;
  readonly #choices: CaseChoices;
  readonly #featuresOf: FeaturesOf;
  #round = new Round();
  #nr = 0;

  constructor(seed: number, choices: CaseChoices, featuresOf: FeaturesOf) {
    this.#seed = seed;
    this.#choices = choices;
    this.#featuresOf = featuresOf;
  }

  /** The case of that number, from 0. Those of its round before it are chosen first. */
  at(nr: number): FuzzCase {
    const round = Math.floor(nr / ROUND);
    if (round !== this.#nr) this.#round = new Round();
    this.#nr = round;
    for (;;) {
      const found = this.#round.cases[nr % ROUND];
      if (found) return found;
      const next = round * ROUND + this.#round.cases.length;
      const made = generateCase(this.#seed, next, this.#choices);
      this.#round.choose(made, randomFor(this.#seed ^ STEERING, next), this.#featuresOf);
    }
  }
}

/** The cases of a round, and what they have shown. */
class Round {
  readonly cases: FuzzCase[] = [];
  readonly #parents: FuzzCase[] = [];
  readonly #features = new Set<string>();
  readonly #pairs = new Set<string>();

  /** Adds the new case, or the best of those made from earlier ones with parts of it. */
  choose(made: FuzzCase, random: Random, featuresOf: FeaturesOf): void {
    const [first, ...others] = this.#parents;
    const mutants = Array.from({ length: first ? CANDIDATES - 1 : 0 }, () =>
      mutateCase(random.pick([first ?? made, ...others]), made, random),
    );
    let best = this.#news(made, featuresOf);
    for (const mutant of mutants) {
      const other = this.#news(mutant, featuresOf);
      if (other.worth > best.worth) best = other;
    }
    for (const feature of best.features) this.#features.add(feature);
    for (const pair of best.pairs) this.#pairs.add(pair);
    if (best.features.length > 0) this.#parents.push(best.given);
    this.cases.push(best.given);
  }

  #news(given: FuzzCase, featuresOf: FeaturesOf) {
    const features = featuresOf(given).filter((feature) => !this.#features.has(feature));
    const pairs = inputPairs(given).filter((pair) => !this.#pairs.has(pair));
    return { given, features, pairs, worth: MODEL_WEIGHT * features.length + pairs.length };
  }
}
