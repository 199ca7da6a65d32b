// SPDX-License-Identifier: MIT
import type { HistoryLine } from './history-line.ts';
import { type CellNight, type CellNights, type Nights, imageOf, verdictOfNight } from './nights.ts';

/** What a cell showed in one night, in a word; `flaky`: both, on the same image; `not-run`: nothing. */
export type StripMark = 'match' | 'known' | 'broken' | 'flaky' | 'unjudged' | 'not-run';

/** One night of a strip. */
export interface StripNight {
  /** When the night began, ISO 8601. */
  readonly start: string;
  readonly mark: StripMark;
  /** The kernel that was judged, or could not be; null if it was not run, or there was no kernel. */
  readonly release: string | null;
  /** Whether the image is another than the last one before. */
  readonly isNewImage: boolean;
}

/** What a cell showed in the last nights, oldest first, at most `count`. Of a cell with a seeded fault, `broken` is missed. */
export function cellStrip({ starts }: Nights, cell: CellNights, count: number): StripNight[] {
  const byNight = new Map(cell.nights.map((one) => [one.night, one]));
  const strip: StripNight[] = [];
  let before: string | null = null;
  for (const [night, start] of starts.entries()) {
    const ran = byNight.get(night);
    const kernel = ran ? verdictOfNight(ran).lines.at(-1)?.kernel : undefined;
    const image: string | null = kernel?.image ?? before;
    strip.push({
      start,
      mark: ran ? markOf(ran, cell.fault !== null) : 'not-run',
      release: kernel?.release ?? null,
      isNewImage: before !== null && image !== before,
    });
    before = image;
  }
  return strip.slice(-count);
}

function markOf(ran: CellNight, hasFault: boolean): StripMark {
  const { counted, outcomes, lines } = verdictOfNight(ran);
  if (counted === 'unjudged') return 'unjudged';
  if (isFlaky(lines)) return 'flaky';
  if (counted === 'mismatch') return 'broken';
  return !hasFault && [...outcomes.values()].includes('known') ? 'known' : 'match';
}

/** Whether runs with the same image, firmware and accelerator say one thing and the other. */
function isFlaky(lines: readonly HistoryLine[]): boolean {
  return lines.some((line) => {
    const image = imageOf(line);
    const others = image === null ? [] : lines.filter((other) => imageOf(other) === image);
    return others.some(({ verdict }) => verdict.counted !== line.verdict.counted);
  });
}
