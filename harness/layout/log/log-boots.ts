// SPDX-License-Identifier: MIT
/** The boots in a log: a journal has many, a console has the capture kernel's, too. */
import { FormatError } from '../../errors.ts';
import { linesOf } from '../../memory/text-lines.ts';
import { isMapLine } from './map-lines.ts';

/** The lines of one boot. */
export interface Boot {
  /** From 1, of those that have a memory map. */
  readonly number: number;
  /** How many have one. */
  readonly count: number;
  /** Whether it is that of a capture kernel: its map is what kexec left of the machine's. */
  readonly ofCaptureKernel: boolean;
  readonly lines: readonly string[];
}

/** A journal has the logs of many boots, each line with a stamp. */
const LIMITS = { lines: 1024 * 1024, length: 4096 };

/** Every kernel's log begins with it. */
const FIRST_LINE = /\bLinux version \d/;
const CAPTURE = /\bCommand line: .*\belfcorehdr=/;

/**
 * The boot with that number; without one the last that is no capture kernel's. Undefined if no boot has a memory map.
 * Throws `FormatError` for a number that there is not.
 */
export function findBoot(text: string, number?: number): Boot | undefined {
  const all = bootsOf(text);
  const boots = all.map((lines, index) => ({
    number: index + 1,
    count: all.length,
    ofCaptureKernel: lines.some((line) => CAPTURE.test(line)),
    lines,
  }));
  if (number === undefined) {
    return boots.findLast(({ ofCaptureKernel }) => !ofCaptureKernel) ?? boots.at(-1);
  }
  const found = boots[number - 1];
  if (found || boots.length === 0) return found;
  throw new FormatError(
    `Cannot take boot ${number} of the log: expected one from 1 to ${boots.length}`,
  );
}

/** The lines of each boot that has a memory map. */
function bootsOf(text: string): string[][] {
  const boots: string[][] = [[]];
  for (const line of linesOf(text, LIMITS)) {
    if (FIRST_LINE.test(line)) boots.push([]);
    boots.at(-1)?.push(line);
  }
  return boots.filter((lines) => lines.some((line) => isMapLine(line)));
}
