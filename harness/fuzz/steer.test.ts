// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { planPersonality } from '../layout/personality-plan.ts';
import { type FuzzCase, fuzzCaseSchema, isFair, layoutOf } from './fuzz-case.ts';
import { STANDARD_CHOICES, generateCase } from './generate-case.ts';
import { inputPairs } from './input-pairs.ts';
import { mutateCase } from './mutate-case.ts';
import { randomFor } from './random.ts';
import { SteeredCases } from './steer.ts';

/** A model that tells apart where pieces of boot services end. */
function edgesOf({ pieces }: FuzzCase): string[] {
  let page = 0;
  return pieces.flatMap(({ type, pages }) => {
    page += pages;
    return type?.startsWith('BootServices') ? [`ends at ${page}`] : [];
  });
}

function cases(seed: number, featuresOf = edgesOf): SteeredCases {
  return new SteeredCases(seed, STANDARD_CHOICES, featuresOf);
}

function casesOf(from: SteeredCases, count: number): FuzzCase[] {
  return Array.from({ length: count }, (_, nr) => from.at(nr));
}

it('chooses the same cases of the same seed, whichever is asked for first', () => {
  const some = casesOf(cases(1), 130);
  const again = cases(1);
  expect([again.at(129), again.at(99), again.at(3), again.at(104)]).toEqual(
    [129, 99, 3, 104].map((nr) => some[nr]),
  );
  expect(casesOf(cases(2), 20)).not.toEqual(some.slice(0, 20));
});

it('comes to more of what the model does than chance does, and to as many pairs of inputs', () => {
  const chosen = casesOf(cases(1), 100);
  const chance = Array.from({ length: 100 }, (_, nr) => generateCase(1, nr));
  const count = (some: readonly FuzzCase[], of: (given: FuzzCase) => string[]): number =>
    new Set(some.flatMap(of)).size;
  expect(count(chosen, edgesOf)).toBeGreaterThan(count(chance, edgesOf) * 1.1);
  expect(count(chosen, inputPairs)).toBeGreaterThan(count(chance, inputPairs) * 0.95);
});

it('chooses by what the model does, and takes a new case if no other is worth more', () => {
  const seen: FuzzCase[] = [];
  const nothing = cases(1, (given) => {
    seen.push(given);
    return [];
  });
  expect(nothing.at(0)).toEqual(generateCase(1, 0));
  // Nothing is a parent as long as the model does nothing.
  expect(casesOf(nothing, 20)).toEqual(Array.from({ length: 20 }, (_, nr) => generateCase(1, nr)));
  expect(seen).toHaveLength(20);
});

it('mutates a case into another that a machine can have', () => {
  const random = randomFor(7, 0);
  const parents = Array.from({ length: 200 }, (_, nr) => generateCase(7, nr));
  const mutants = parents.map((given, nr) =>
    mutateCase(given, parents[(nr + 1) % parents.length] ?? given, random),
  );
  for (const mutant of mutants) {
    expect(fuzzCaseSchema.parse(mutant)).toEqual(mutant);
    expect(isFair(mutant)).toBe(true);
    expect(planPersonality(layoutOf(mutant, 'made')).ranges.length).toBeGreaterThan(0);
  }
  const changed = mutants.filter(
    (mutant, nr) => JSON.stringify(mutant) !== JSON.stringify(parents[nr]),
  );
  expect(changed.length).toBeGreaterThan(170);
});

it('keeps below 1 MiB what a mutant moves, splits and joins, and room for a capture kernel that crashes', () => {
  const random = randomFor(3, 0);
  const pagesOf = ({ pieces }: FuzzCase): number =>
    pieces.reduce((sum, { pages }) => sum + pages, 0);
  const crashed: FuzzCase[] = [];
  for (let nr = 0; nr < 200; nr += 1) {
    const [parent, donor] = [generateCase(3, nr), generateCase(3, nr + 1)];
    const mutant = mutateCase(parent, donor, random);
    expect([pagesOf(parent), pagesOf(donor)]).toContain(pagesOf(mutant));
    if (mutant.crash !== null) crashed.push(mutant);
  }
  expect(new Set(crashed.map(({ crashkernel }) => crashkernel))).toEqual(
    new Set(['256M', '256M,high']),
  );
});
