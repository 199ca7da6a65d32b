// SPDX-License-Identifier: MIT
import { counted } from '../memory/counted.ts';
import type { CellRecord } from '../bundle/cell-record.ts';
import { type CellChanges, type Comparison, isChanged } from '../matrix/compare-cells.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import { printableText } from '../memory/printable-text.ts';
import { cellPages, disagrees } from './text/cell-pages.ts';
import { crashkernelName, layoutName, listed } from './text/cell-names.ts';
import { groupBy } from '../group-by.ts';
import { renderLegend, renderPageMap } from './text/page-map-text.ts';
import { pageRuns } from './text/page-runs.ts';
import { type Style, indented, paint } from './text/style.ts';

/** How the kernel differs from its base, for people: each change once, with the cells that show it. */
export function renderChanges(comparison: Comparison, style: Style): string[] {
  const { cells, times, sameImage } = comparison;
  const title = indented(`Compared with ${printableText(comparison.base)}:`, 0, style);
  const shown = cells.filter((one) => isChanged(one) || one.uncompared !== null);
  if (shown.length === 0 && times.length === 0) {
    const where = sameImage ? 'the images are the same byte for byte' : `${cells.length} cells`;
    return [...title, ...indented(`no difference: ${where}`, 2, style)];
  }
  const groups = groupBy(shown, (one) => changeLines(one, style).join('\n'));
  return [
    ...title,
    ...Array.from(groups, ([text, group]) => {
      const names = nameSettings(recordsOf(group), recordsOf(cells));
      return ['', paint(names, 'bold', style), text];
    }).flat(),
    ...times.map(({ phase, from, to, cells: nr }) => {
      const seconds = `${from.toFixed(1)} s → ${to.toFixed(1)} s`;
      return `  phase ${phase}: ${seconds} in each of ${nr} cells`;
    }),
    ...restLines(cells.length - shown.length, style),
  ];
}

function restLines(nr: number, style: Style): string[] {
  if (nr === 0) return [];
  return ['', ...indented(`No difference in ${counted(nr, 'other cell')}`, 0, style)];
}

function changeLines(changes: CellChanges, style: Style): string[] {
  if (changes.uncompared !== null) {
    const why = printableText(changes.uncompared);
    return indented(`cannot be compared: ${why}`, 2, style);
  }
  const { invariants, log } = changes;
  return [
    ...pageRuns(changes).flatMap(({ pages, from, to }) =>
      indented(`pages ${pages.join(', ')}: ${from} → ${to}`, 2, style),
    ),
    ...mapLines(changes, style),
    ...invariants.flatMap(({ id, from, to, why, isWorse }) =>
      indented(
        `${id}: ${from} → ${to}${why === '' ? '' : `: ${printableText(why)}`}`,
        2,
        style,
      ).map((line) => (isWorse ? paint(line, 'red', style) : line)),
    ),
    ...log.gone.flatMap((line) => indented(`log - ${line}`, 2, style)),
    ...log.come.flatMap((line) => indented(`log + ${line}`, 2, style)),
  ];
}

/** The base's pages, and those of the kernel with a mark beneath each that has another owner. */
function mapLines({ pages, base, cell }: CellChanges, style: Style): string[] {
  if (pages.length === 0) return [];
  const moved = new Set(pages.map(({ page }) => page));
  const [before, after] = [seenPages(base), seenPages(cell)];
  const isMoved = (page: number): boolean => moved.has(page);
  return [
    '  the base:',
    ...renderPageMap(before, style, () => false),
    '  this kernel, ^ where it differs:',
    ...renderPageMap(after, style, isMoved),
    ...renderLegend(
      [...before, ...after].filter((_, nr) => isMoved(nr % before.length)),
      style,
    ),
  ];
}

/** A page that was not observed as predicted is shown as it was observed. */
function seenPages({ judgement }: JudgedCell) {
  return cellPages(judgement).map((page) =>
    disagrees(page) ? { ...page, predicted: null } : page,
  );
}

function recordsOf(group: readonly CellChanges[]): CellRecord[] {
  return group.map(({ cell }) => cell.record);
}

/** What cells may differ in, and how it is called. */
const SETTINGS: readonly (readonly [string, (record: CellRecord) => string])[] = [
  ['crashkernel', crashkernelName],
  ['layout', layoutName],
  ['cpus', ({ spec }) => String(spec.cpus)],
  ['load', ({ spec }) => spec.load],
  ['trigger', ({ spec }) => spec.trigger],
  ['append', ({ spec }) => printableText(spec.append)],
];

/** Names some cells of one kernel by as few settings as tell them from its others, or else by their ids. */
function nameSettings(some: readonly CellRecord[], all: readonly CellRecord[]): string {
  if (some.length === all.length)
    return some.length === 1 ? 'the cell' : `all ${some.length} cells`;
  const tells = (settings: typeof SETTINGS): boolean =>
    all.filter((record) =>
      settings.every(([, textOf]) => new Set(some.map(textOf)).has(textOf(record))),
    ).length === some.length;
  if (!tells(SETTINGS)) return listed(some.map(({ id }) => id));
  const needed = SETTINGS.reduce<typeof SETTINGS>((kept, setting) => {
    const without = kept.filter((one) => one !== setting);
    return tells(without) ? without : kept;
  }, SETTINGS);
  return needed
    .map(([name, textOf]) => `${name} ${listed([...new Set(some.map(textOf))])}`)
    .join(', ');
}
