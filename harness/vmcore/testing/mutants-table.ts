// SPDX-License-Identifier: MIT
/**
 * The table of how parsers took their mutants. `SUB1M_FUZZ_TABLE` names a file that gets each row as soon as its
 * parser is done: a run goes on where the one before was cut short.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';

/** How a parser took its mutants. */
export interface MutantsRow {
  readonly name: string;
  readonly count: number;
  readonly refused: number;
  /** CPU time of all. */
  readonly seconds: number;
  readonly slowest: { readonly ms: number; readonly seed: number };
  /** By how much the peak memory of the process rose. */
  readonly grownMiB: number;
}

const HEAD =
  '| parser | mutants | refused | CPU s | slowest, CPU ms | its seed | + MiB |\n' +
  '|---|---:|---:|---:|---:|---:|---:|\n';

/** Whether a file has the row of a parser that took that many mutants. */
export function hasRow(file: string | undefined, name: string, count: number): boolean {
  if (file === undefined || !existsSync(file)) return false;
  return readFileSync(file, 'utf8').includes(`\n${start(name, count)} |`);
}

/** Shows a row, and adds it to the file if there is one. */
export function addRow(file: string | undefined, row: MutantsRow): void {
  const { name, count, refused, seconds, slowest, grownMiB } = row;
  const line = [
    start(name, count),
    refused,
    seconds.toFixed(0),
    slowest.ms.toFixed(1),
    slowest.seed,
    `${Math.max(0, grownMiB).toFixed(0)} |\n`,
  ].join(' | ');
  process.stderr.write(line);
  if (file === undefined) return;
  if (!existsSync(file)) writeFileSync(file, HEAD);
  appendFileSync(file, line);
}

function start(name: string, count: number): string {
  return `| ${name.replaceAll('|', '/')} | ${count}`;
}
