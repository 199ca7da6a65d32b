// SPDX-License-Identifier: MIT
import {
  type DetectionPower,
  type FaultNames,
  faultNames,
  fateOf,
} from '../../history/detection-power.ts';
import type { ComparedRun } from '../../matrix/compare-cells.ts';
import { type JudgedCell, countedAs } from '../../matrix/judged-cell.ts';
import { counted } from '../../memory/counted.ts';
import { printableText } from '../../memory/printable-text.ts';
import { type Style, indented, paint, wrap } from './style.ts';

/** A run, as reports are told of it. */
export interface ReportedRun extends ComparedRun {
  /** What its history says of the seeded faults; that of a run which is in none is not known. */
  readonly detection?: DetectionPower | undefined;
  /** The path of the history's page, if there is one beside the report. */
  readonly historyPage?: string;
}

/** What there is to say of whether sub1m would see what is wrong. */
export interface DetectionWords {
  /** `would have caught 20 of 20 seeded faults; 2 tried in this night` */
  readonly title: string;
  /** `blind`: a fault was missed; `unsure`: one was not caught for another reason; `sees`: each was caught. */
  readonly state: 'blind' | 'unsure' | 'sees';
  readonly caught: number;
  readonly total: number;
  /** Names of faults by what became of them, the worst first. */
  readonly lists: readonly { readonly says: string; readonly names: readonly string[] }[];
}

/** The detection power of a run: by its history, or else by its own cells. */
export function detectionOf({ cells, detection }: ReportedRun): DetectionPower {
  if (detection !== undefined) return detection;
  const own = faultsOfRun(cells);
  return { tonight: own, recently: own };
}

/** The same in words; null if no fault was tried. */
export function detectionOfRun(run: ReportedRun): DetectionWords | null {
  return detectionWords(detectionOf(run), run.detection === undefined ? 'run' : 'night');
}

/** What became of the seeded faults that a run tried. */
function faultsOfRun(cells: readonly JudgedCell[]): FaultNames {
  return faultNames(
    cells.flatMap(({ judgement }) => {
      const { fault, verdict } = judgement;
      const code = verdict.kind === 'unjudged' ? verdict.code : null;
      return fault === null ? [] : [{ name: fault.name, fate: fateOf(countedAs(judgement), code) }];
    }),
  );
}

/** Null if no fault was tried. */
export function detectionWords(
  { tonight, recently }: DetectionPower,
  of: 'night' | 'run',
): DetectionWords | null {
  const [total, tried] = [sizeOf(recently), sizeOf(tonight)];
  if (total === 0) return null;
  const missed = [...new Set([...tonight.missed, ...recently.missed])];
  const unbuilt = [...new Set([...tonight.unbuilt, ...recently.unbuilt])];
  const caught = recently.caught.length;
  return {
    title: `would have caught ${caught} of ${counted(total, 'seeded fault')}; ${tried} tried in this ${of}`,
    state: missed.length > 0 ? 'blind' : caught < total ? 'unsure' : 'sees',
    caught,
    total,
    lists: [
      { says: 'MISSED', names: missed },
      { says: 'does not build (see its patch)', names: unbuilt },
      { says: 'could not be judged', names: tonight.unjudged },
      { says: 'caught', names: tonight.caught },
    ].filter(({ names }) => names.length > 0),
  };
}

const FORMATS = { blind: 'red', unsure: 'yellow', sees: 'green' } as const;

/** The same as lines: red if a fault was missed, green if all were caught. */
export function renderDetection(words: DetectionWords, style: Style): string[] {
  return [
    ...wrap(`Detection power: ${words.title}`, style.width).map((line) =>
      paint(line, FORMATS[words.state], style),
    ),
    ...words.lists.flatMap(({ says, names }) =>
      indented(`${says}: ${names.map(printableText).join(', ')}`, 2, style),
    ),
  ];
}

function sizeOf({ caught, missed, unbuilt, unjudged }: FaultNames): number {
  return [caught, missed, unbuilt, unjudged].flat().length;
}
