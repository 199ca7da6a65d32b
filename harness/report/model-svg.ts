// SPDX-License-Identifier: MIT
import { type ModelResult, alikePolicies, freedAlthoughWanted, heading } from './model-report.ts';
import { drawSheet } from './svg/draw-sheet.ts';

/** What the model makes of one machine as an image: the maps of the report for people. */
export function renderModelSvg(result: ModelResult): string {
  return drawSheet({
    title: 'Who owns each page below 1 MiB, by the model',
    subtitle: heading(result).join('. '),
    maps: alikePolicies(result.predictions).map(({ name, pages }) => ({
      name,
      verdict: null,
      pages,
      outlines: new Map(),
      notes: [],
    })),
    notes: freedAlthoughWanted(result),
  });
}
