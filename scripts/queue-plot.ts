// SPDX-License-Identifier: MIT
/** What a run of so many cells cost, with all workers. */
export interface QueueSample {
  readonly cells: number;
  /** Of all, for a cell. */
  readonly ms: number;
  /** Resident memory of run and workers, and at most of the server. */
  readonly nodeMiB: number;
  readonly serverMiB: number;
}

const [WIDTH, PANEL, LEFT] = [640, 110, 170] as const;

const PANELS = [
  ['ms', 'ms for a cell, of all'],
  ['nodeMiB', 'MiB, run and workers'],
  ['serverMiB', 'MiB, server'],
] as const;

/** The cost of runs as a picture (SVG): a panel for each quantity, from 0 to its maximum, over the number of cells. */
export function queuePlot(workers: number, samples: readonly QueueSample[]): string {
  const most = Math.max(1, ...samples.map(({ cells }) => cells));
  const x = (cells: number): number => LEFT + (cells / most) * (WIDTH - LEFT - 40);
  const panels = PANELS.map(([key, title], at) => {
    const top = 50 + at * PANEL;
    const highest = Math.max(...samples.map((sample) => sample[key]), 1e-9);
    const y = (value: number): number => top + 60 - (value / highest) * 60;
    const points = samples.map((one) => `${x(one.cells).toFixed(1)},${y(one[key]).toFixed(1)}`);
    return [
      `<text x="8" y="${top + 34}">${title}</text>`,
      `<text x="${LEFT - 6}" y="${top + 8}" text-anchor="end">${Number(highest.toPrecision(3))}</text>`,
      `<text x="${LEFT - 6}" y="${top + 62}" text-anchor="end">0</text>`,
      `<path d="M${LEFT} ${top + 60}H${WIDTH - 40}" stroke-opacity=".4"/>`,
      `<polyline points="${points.join(' ')}"/>`,
    ].join('');
  });
  const bottom = 50 + PANELS.length * PANEL;
  const marks = samples.map(
    ({ cells }) =>
      `<text x="${x(cells).toFixed(1)}" y="${bottom}" text-anchor="middle">${cells}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 20}" font-family="sans-serif" font-size="11">`,
    '<style>svg{color:#222;background:#fff}@media(prefers-color-scheme:dark){svg{color:#ddd;background:#111}}' +
      'text{fill:currentColor;stroke:none}path,polyline{fill:none;stroke:currentColor}</style>',
    `<text x="8" y="20" font-size="13">Cells that do nothing, ${workers} workers</text>`,
    ...panels,
    ...marks,
    '</svg>',
    '',
  ].join('\n');
}
