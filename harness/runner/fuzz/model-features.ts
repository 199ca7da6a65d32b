// SPDX-License-Identifier: MIT
import { groupBy } from '../../group-by.ts';
import type { Prediction } from '../../model/prediction.ts';

/**
 * What the model does with a machine, each in a few words: ways of pages from owner to owner and on how many, to powers
 * of two, which owners are neighbours in the end, the trampoline's place, what the kernel prints, and its end.
 */
export function featuresOf(prediction: Prediction): string[] {
  const { pages, trampoline, panic, doubt, logLines } = prediction;
  const ways = groupBy(pages, ({ history }) =>
    history.map(({ step, owner }) => `${step}: ${owner}`).join(', '),
  );
  const next = pages.slice(1).map(({ owner }, index) => `${pages[index]?.owner} | ${owner}`);
  return [
    ...[...ways].map(([way, { length }]) => `${way}, 2^${Math.floor(Math.log2(length))} pages`),
    ...new Set(next),
    `trampoline at ${trampoline?.start}`,
    ...new Set(logLines.map((line) => line.replaceAll(/0x[0-9a-f]+|\d+/g, '#'))),
    `ends in ${panic?.step}`,
    `is in doubt: ${doubt !== null}`,
  ];
}
