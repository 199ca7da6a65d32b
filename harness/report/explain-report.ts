// SPDX-License-Identifier: MIT
import type { DumpSafety } from '../check/log/dump-safety.ts';
import type { Explanation } from '../check/log/explain-log.ts';
import { renderPages } from '../memory/page-map.ts';
import { printableText } from '../memory/printable-text.ts';
import { basis } from './model-report.ts';
import { renderLegend, renderPageMap } from './text/page-map-text.ts';
import { type Style, indented, paint, wrap } from './text/style.ts';

/** For a machine's owner: who has the first 1 MiB, whether the log agrees, whether a crash dump is safe. */
export function renderExplanation(
  found: Explanation,
  unseen: readonly string[],
  style: Style,
): string {
  const pages = found.prediction.pages.map(({ owner }) => ({ predicted: owner, observed: null }));
  const sections: (readonly [title: string, lines: readonly string[]])[] = [
    ['Log and model', verdictOf(found)],
    ['Crash dump', [dumpLine(found.dump)]],
    ['Known defects', defectLines(found)],
    ['Rests on', [...basis(found.machine), ...unseen.map((what) => `Not seen: ${what}`)]],
  ];
  return [
    ...wrap(heading(found), style.width),
    '',
    ...renderPageMap(pages, style),
    '',
    ...renderLegend(pages, style),
    ...sections.flatMap(([title, lines]) => [
      '',
      paint(title, 'bold', style),
      ...lines.flatMap((line) => indented(line, 2, style)),
    ]),
    '',
  ].join('\n');
}

function heading({ layout, policy }: Explanation): string {
  const machine = printableText(layout.machine ?? layout.id);
  const release = layout.log?.causes.release;
  const kernel = release ? `, kernel ${printableText(release)}` : '';
  return `Who has the first 1 MiB of ${machine}${kernel}, by the policy ${policy.id}: ${policy.how}`;
}

function verdictOf(found: Explanation): string[] {
  const { verdict, comparisons, inputs, corrupted, lacksBootServices } = found;
  const rows = comparisons.map(({ what, seen, predicted, agrees, pages }) => {
    if (agrees) return `${what}: ${seen}, ${seen === predicted ? 'as' : predicted} predicted`;
    const where = pages.length > 0 ? ` (pages ${renderPages(pages).join(', ')})` : '';
    return `${what}: ${predicted} predicted, ${seen} in the log${where}`;
  });
  const words = {
    agrees: 'agrees: the log shows what the model predicts.',
    differs: 'differs: the log does not show what the model predicts.',
    nothing: 'not compared: the log shows nothing of the outcome.',
  };
  return [
    words[verdict],
    ...rows,
    ...(verdict === 'differs' ? unknownInputs(inputs) : []),
    ...(verdict === 'differs' && lacksBootServices
      ? ['Boot services may be why: only a log with efi=debug shows them.']
      : []),
    ...(corrupted.length > 0
      ? [`The firmware wrote to pages ${renderPages(corrupted).join(', ')} after boot`]
      : []),
  ];
}

function unknownInputs(inputs: Explanation['inputs']): string[] {
  if (inputs.length === 0) {
    return ['No value of one input that the log does not tell would make them agree.'];
  }
  return inputs.map(({ what, option, values }) => {
    const others = values > 1 ? `, as ${values - 1} other values would` : '';
    return `It would agree with ${option} (${what})${others}`;
  });
}

function dumpLine(dump: DumpSafety): string {
  const pages = dump.kind === 'at stake' ? `: ${renderPages(dump.pages).join(', ')}` : '';
  return `${dump.kind}: ${printableText(dump.why)}${pages}`;
}

function defectLines({ defects }: Explanation): string[] {
  if (defects.length === 0) return ['none that docs/findings.md has'];
  return defects.map(
    ({ finding, says, mended }) => `${says}; mended: ${mended} (docs/findings.md, "${finding}")`,
  );
}
