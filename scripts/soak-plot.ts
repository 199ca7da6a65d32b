// SPDX-License-Identifier: MIT
/** What sub1m took at one moment of a soak. */
export interface SoakSample {
  readonly seconds: number;
  /** Resident memory of sub1m without its machines. */
  readonly rssMiB: number;
  readonly descriptors: number;
  /** Temporary folders. */
  readonly folders: number;
  readonly freeDiskMiB: number;
  /** Busy loops beside it. */
  readonly busy: number;
}

const WIDTH = 640;
const PANEL = 90;
const LEFT = 150;

const PANELS = [
  ['rssMiB', 'memory, MiB'],
  ['descriptors', 'descriptors'],
  ['folders', 'temporary folders'],
  ['freeDiskMiB', 'disk free, MiB'],
  ['busy', 'busy loops beside it'],
] as const;

/** A soak as a picture (SVG): a panel for each quantity, from 0 to its maximum, over time. */
export function soakPlot(cells: number, samples: readonly SoakSample[]): string {
  const end = samples.at(-1)?.seconds ?? 0;
  const panels = PANELS.map(([key, title], at) => {
    const top = 40 + at * PANEL;
    const most = Math.max(1, ...samples.map((sample) => sample[key]));
    const points = samples.map((sample) => {
      const x = LEFT + (sample.seconds / Math.max(1, end)) * (WIDTH - LEFT - 10);
      return `${x.toFixed(1)},${(top + 60 - (sample[key] / most) * 60).toFixed(1)}`;
    });
    return [
      `<text x="8" y="${top + 34}">${title}</text>`,
      `<text x="${LEFT - 6}" y="${top + 10}" text-anchor="end">${most}</text>`,
      `<text x="${LEFT - 6}" y="${top + 62}" text-anchor="end">0</text>`,
      `<path d="M${LEFT} ${top + 60}H${WIDTH - 10}" stroke-opacity=".4"/>`,
      `<polyline points="${points.join(' ')}"/>`,
    ].join('');
  });
  const height = 40 + PANELS.length * PANEL;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    '<style>svg{color:#222;background:#fff}@media(prefers-color-scheme:dark){svg{color:#ddd;background:#111}}' +
      'text{fill:currentColor;stroke:none}path,polyline{fill:none;stroke:currentColor}</style>',
    `<text x="8" y="18" font-size="13">${cells} cells in ${Math.round(end / 60)} minutes</text>`,
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}

/** The mean of the last quarter of some numbers over that of the second. */
export function growthOf(numbers: readonly number[]): number {
  const quarter = (n: number): number => {
    const part = numbers.slice(
      Math.floor((n * numbers.length) / 4),
      Math.floor(((n + 1) * numbers.length) / 4),
    );
    return part.reduce((sum, number) => sum + number, 0) / part.length;
  };
  return Number((quarter(3) / quarter(1)).toFixed(2));
}

/** What a run holds of each cell that it has judged, MiB: its reports are written in the end. */
const HELD_MIB = 0.3;

/** The samples without the memory for `cells` cells, which end one after the other. */
export function withoutHeld(cells: number, samples: readonly SoakSample[]): SoakSample[] {
  const end = samples.at(-1)?.seconds ?? 0;
  return samples.map((sample) => {
    const held = HELD_MIB * cells * (sample.seconds / Math.max(1, end));
    return { ...sample, rssMiB: sample.rssMiB - held };
  });
}
