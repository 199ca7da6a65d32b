// SPDX-License-Identifier: MIT
import { BundleFolder } from '../../bundle/bundle-folder.ts';
import type { EvidenceFile } from '../../bundle/evidence.ts';
import { Sub1mError, fromSystemError } from '../../errors.ts';
import { type JudgedCell, countedAs } from '../../matrix/judged-cell.ts';
import type { Seen } from '../../seen.ts';

/** The logs of a cell that its page shows. */
export const LOGS = {
  'console.log': 'Console: both kernels, on their serial port',
  'capture/dmesg': "The capture kernel's log",
  'dead/dmesg': 'The log of the kernel that died, out of its memory',
} as const satisfies Partial<Record<EvidenceFile, string>>;

export type LogFile = keyof typeof LOGS;

/** The end of a log, in lines, and what was left out before it. */
export interface LogEnd {
  readonly lines: readonly string[];
  /** The number of the first of them in the file, from 1. */
  readonly first: number;
  /** Bytes that were left out. */
  readonly cut: number;
}

/** The logs that a cell left; why one cannot be read. */
export type CellLogs = Readonly<Partial<Record<LogFile, Seen<LogEnd>>>>;

const KIB = 1024;

/** Bytes of the logs in a report: packed, they are a fifth of it. */
const ALL_LOGS = 48 * KIB * KIB;

/** The most and the least bytes of a log. */
const LOG_LIMIT = 256 * KIB;
const LOG_LEAST = KIB;

/** How much more of a log a cell shows that is no plain match. */
const FAULTY_SHARE = 16;

/** How many bytes of each log the cells may show: those in which something is wrong show more. */
export function logLimits(cells: readonly JudgedCell[]): Map<JudgedCell, number> {
  const shares = new Map(cells.map((cell) => [cell, isPlain(cell) ? 1 : FAULTY_SHARE]));
  const sum = [...shares.values()].reduce((total, share) => total + share, 0);
  const unit = ALL_LOGS / (sum * Object.keys(LOGS).length);
  const limit = (share: number): number =>
    Math.floor(Math.min(Math.max(unit * share, LOG_LEAST), LOG_LIMIT));
  return new Map(Array.from(shares, ([cell, share]) => [cell, limit(share)]));
}

function isPlain({ judgement }: JudgedCell): boolean {
  const isFaulty = judgement.invariants.some(
    ({ outcome }) => outcome === 'broken' || outcome === 'known',
  );
  return countedAs(judgement) === 'match' && !isFaulty;
}

/** Reads the ends of a cell's logs, at most `limit` bytes of each, out of its bundle. */
export function readCellLogs({ folder, unpacked, record }: JudgedCell, limit: number): CellLogs {
  const seen = orWhy(folder, () => {
    using bundle = BundleFolder.open(unpacked ?? folder);
    const logs = (Object.keys(LOGS) as LogFile[]).flatMap((file) => {
      const end = orWhy(file, () => {
        const bytes = bundle.read(file, record.spec);
        return bytes && logEnd(bytes, limit);
      });
      return end.value === undefined ? [] : [[file, end] as const];
    });
    return Object.fromEntries(logs);
  });
  return seen.value ?? { 'console.log': { value: null, why: 'why' in seen ? seen.why : '' } };
}

/** A bundle that cannot be read spoils no report. */
function orWhy<T>(path: string, read: () => T): Seen<T> {
  try {
    return { value: read() };
  } catch (thrown) {
    const error = fromSystemError(thrown, `read ${path}`);
    if (error instanceof Sub1mError) return { value: null, why: error.message };
    throw error;
  }
}

/** The last whole lines of a log that fit. */
export function logEnd(bytes: Uint8Array, limit: number): LogEnd {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept = Math.max(text.length - limit, 0);
  // One line that is longer than the limit is cut itself.
  const next = kept === 0 ? -1 : text.indexOf('\n', kept - 1);
  const start = next === -1 || next === text.length - 1 ? kept : next + 1;
  let first = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < start; at = text.indexOf('\n', at + 1))
    first++;
  const lines = text.toString('utf8', start).split(/\r*\n/);
  if (lines.at(-1) === '') lines.pop();
  return { lines, first, cut: start };
}
