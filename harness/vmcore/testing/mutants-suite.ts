// SPDX-License-Identifier: MIT
/** The nightly tests of parsers: many mutants of each, with limits of time and memory. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type FuzzTarget, fuzz, mutantsOf } from './fuzz-engine.ts';
import { type MutantsRow, addRow, hasRow } from './mutants-table.ts';

const { SUB1M_FUZZ = '100000', SUB1M_FUZZ_TABLE: TABLE } = process.env;
const COUNT = Number(SUB1M_FUZZ);

/** CPU time that a mutant may take, ms; a real kernel has 150,000 symbols. */
const LIMIT_MS = 20_000;
/** By how much the mutants of a parser may raise the peak memory of the process, MiB. */
const LIMIT_MIB = 500;
const TIMEOUT_MS = 4 * 60 * 60_000;

/** A test for each parser that the table does not have yet. */
export function itTakesMutants(targets: readonly FuzzTarget[]): void {
  for (const target of targets) {
    const isDone = hasRow(TABLE, target.name, mutantsOf(target, COUNT));
    it.skipIf(isDone)(
      `${target.name} is read or refused`,
      () => {
        const { failures, ...row } = measured(target);
        expect(failures).toEqual([]);
        expect(row.slowest.ms).toBeLessThan(LIMIT_MS);
        expect(row.grownMiB).toBeLessThan(LIMIT_MIB);
        addRow(TABLE, row);
      },
      TIMEOUT_MS,
    );
  }
}

function measured(target: FuzzTarget): MutantsRow & ReturnType<typeof fuzz> {
  const before = freshPeakMiB();
  const started = process.cpuUsage();
  const outcome = fuzz(target, COUNT);
  const { user, system } = process.cpuUsage(started);
  const seconds = (user + system) / 1e6;
  return { ...outcome, name: target.name, seconds, grownMiB: peakMiB() - before };
}

/** Forgets the peak so far (proc(5), `clear_refs`): it is that of the parser before. */
function freshPeakMiB(): number {
  writeFileSync('/proc/self/clear_refs', '5');
  return peakMiB();
}

function peakMiB(): number {
  return Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
}
