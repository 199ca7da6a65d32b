// SPDX-License-Identifier: MIT
import type { FuzzCase } from './fuzz-case.ts';

/** Islands are told apart by how many times this there are. */
const ISLANDS_STEP = 32;

/** What of a case may matter to a kernel, each in a few words. */
function inputsOf(given: FuzzCase): string[] {
  const { pieces, islands, levers, bda, crashkernel, append, cpus, memoryMiB, crash } = given;
  return [
    ...new Set(pieces.map(({ type }) => `below 1M: ${type}`)),
    ...islands.map(({ type, count }) => `islands: ${type} ${Math.floor(count / ISLANDS_STEP)}`),
    ...levers,
    ...append,
    `bda ${JSON.stringify(bda)}`,
    `crashkernel=${crashkernel}`,
    `cpus ${cpus}`,
    `memory ${memoryMiB}`,
    `crash ${crash}`,
  ];
}

/** All pairs of inputs that a case has: most mistakes need one input or two to show. */
export function inputPairs(given: FuzzCase): string[] {
  const inputs = [...new Set(inputsOf(given))].toSorted();
  return inputs.flatMap((one, index) =>
    inputs.slice(index + 1).map((other) => `${one} + ${other}`),
  );
}
