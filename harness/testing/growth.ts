// SPDX-License-Identifier: MIT
/** Whether a parser takes time in proportion to what it is given. */
import { FormatError } from '../errors.ts';

/** Characters of the short and of the long text. */
const SHORT = 16 * 1024;
const GROWTH = 16;

/** How much longer than in proportion the long text may take: nothing that is quadratic stays within it. */
const SLACK = 4;
/** What a text of any kind may take, in ms of CPU time: less says nothing. */
const FLOOR_MS = 4;

/** What is bad for parsers of many kinds. */
export const BAD_UNITS = [
  '\n',
  ' ',
  '\t',
  ' \n',
  '\r',
  '\r\n',
  '\u2028',
  '\0',
  'a',
  '0',
  'f',
  '0x0',
  '0-0 ',
  '-',
  ':',
  '[',
  '"',
  ',',
  '\u001b[',
  'a ',
  'a\n',
  'ü',
];

/**
 * The CPU time of a parser for a text that repeats a unit after a `head`, in ms: short, and sixteen times as long;
 * null if that is in proportion. CPU time, and the least of a few runs: a busy host does not count.
 */
export function findSteepness(
  parse: (text: string) => unknown,
  head: string,
  unit: string,
): { readonly short: number; readonly long: number } | null {
  const textOf = (length: number): string => head + unit.repeat(Math.ceil(length / unit.length));
  const long = cpuMs(parse, textOf(SHORT * GROWTH));
  if (long <= FLOOR_MS * GROWTH) return null;
  const short = cpuMs(parse, textOf(SHORT));
  return long > GROWTH * SLACK * Math.max(short, FLOOR_MS) ? { short, long } : null;
}

/** Characters of a line that no log's limit cuts, and of one that is sixteen times as short. */
const LONG_LINE = 1008;
const SHORT_LINE = LONG_LINE / GROWTH;

/**
 * The same for two texts of one length that repeat a unit in each line, whose lines are short, and sixteen times as long:
 * a parser of lines that has a limit for each may be quadratic within it.
 */
export function findLineSteepness(
  parse: (text: string) => unknown,
  unit: string,
): { readonly short: number; readonly long: number } | null {
  const inLine = unit.replaceAll(/[\r\n]+/g, ' ');
  const textOf = (line: number): string =>
    `${inLine.repeat(Math.ceil(line / inLine.length))}\n`.repeat((SHORT * GROWTH) / line);
  const long = cpuMs(parse, textOf(LONG_LINE));
  if (long <= FLOOR_MS * GROWTH) return null;
  const short = cpuMs(parse, textOf(SHORT_LINE));
  return long > SLACK * Math.max(short, FLOOR_MS * GROWTH) ? { short, long } : null;
}

const RUNS = 3;

function cpuMs(parse: (text: string) => unknown, text: string): number {
  let least = Infinity;
  for (let run = 0; run < RUNS && least > FLOOR_MS; run += 1) {
    const before = process.cpuUsage();
    try {
      parse(text);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
