// SPDX-License-Identifier: MIT
/** Runs cells for tests as a user does, and gives what the JSON document says about them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFailed } from 'vitest';
import { printableText } from '../memory/printable-text.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import type { CellDocument } from '../report/schema/run-schema.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { runSub1m } from './run-sub1m.ts';

/** What a command that runs cells did, by its document. */
export interface Run {
  readonly status: number | null;
  readonly cells: readonly CellDocument[];
}

/** The words of a command line none of which has a space. */
export function words(text: string): string[] {
  return text.split(' ');
}

/** Half the time of Debian 12's own to the kernel under TCG: for cells that ask nothing of the firmware. */
export const FAST_FIRMWARE = ['--ovmf', 'debian:2025.02'];

/** Runs `check` in a results folder that is gone afterwards. */
export function check(args: readonly string[]): Promise<Run> {
  return runCells(['check', ...args, ...FAST_FIRMWARE]);
}

/** Runs a command that runs cells, likewise. */
export async function runCells(args: readonly string[]): Promise<Run> {
  await using temp = await makeTempDir();
  const results = join(temp.path, 'results');
  const { status, stdout, stderr } = await runSub1m([...args, '--json', '--results', results]);
  if (stdout === '') throw new Error(stderr);
  const { cells } = parseDocument('run', stdout);
  const failed = cells.filter(({ verdict }) => verdict.kind !== 'match');
  const consoles = await Promise.all(failed.map(({ id }) => consoleTail(join(results, id))));
  onTestFailed(() => {
    process.stderr.write(consoles.join('\n'));
  });
  return { status, cells };
}

/** As many lines as an oops has. */
const TAIL_LINES = 60;

/** The end of a cell's console: when the test has failed, its bundle is gone. */
async function consoleTail(bundle: string): Promise<string> {
  const text = await readFile(join(bundle, 'console.log'), 'latin1').catch(String);
  const lines = text.split('\n').slice(-TAIL_LINES);
  return [`${bundle}:`, ...lines.map((line) => printableText(line.trimEnd())), ''].join('\n');
}

/** Cells that only look at ownership. */
export function look(kernels: readonly string[], ...args: readonly string[]): Promise<Run> {
  return check([...kernels, '--trigger', 'none', ...args]);
}

/** What became of an invariant. */
export function invariant(
  cell: CellDocument | undefined,
  wanted: string,
): CellDocument['invariants'][number] | undefined {
  return cell?.invariants.find(({ id }) => id === wanted);
}

/** Pages that the page allocator has, as the kernel says. */
export function freePages(cell: CellDocument | undefined): number[] {
  return (
    cell?.pages.flatMap(({ observed }, page) =>
      observed === 'free' || observed === 'used' ? [page] : [],
    ) ?? []
  );
}
