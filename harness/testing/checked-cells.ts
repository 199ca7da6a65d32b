// SPDX-License-Identifier: MIT
/** Runs cells for tests as a user does, and gives what the JSON document says of them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFailed } from 'vitest';
import { printableText } from '../memory/printable-text.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { runSub1m } from './run-sub1m.ts';

/** The part of a cell in the JSON document that these tests look at. */
export interface Cell {
  readonly id: string;
  readonly verdict: {
    readonly kind: string;
    readonly broken?: readonly string[];
    readonly why?: string;
    readonly lastLine?: string;
    readonly code?: string;
  };
  readonly invariants: readonly {
    readonly id: string;
    readonly outcome: string;
    readonly why: string;
    readonly pages: readonly string[];
  }[];
  readonly pages: readonly {
    readonly predicted: string | null;
    readonly observed: string | null;
  }[];
  readonly trampoline: string | null;
  readonly fault: { readonly name: string; readonly caught: readonly string[] } | null;
}

export interface Run {
  readonly status: number | null;
  readonly cells: readonly Cell[];
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
  const { cells } = JSON.parse(stdout) as { readonly cells: readonly Cell[] };
  const failed = cells.filter(({ verdict }) => verdict.kind !== 'match');
  const consoles = await Promise.all(failed.map(({ id }) => consoleTail(join(results, id))));
  onTestFailed(() => {
    process.stderr.write(consoles.join('\n'));
  });
  return { status, cells };
}

/** As many lines as an oops has. */
const TAIL_LINES = 60;

/** The end of a cell's console, for who reads of a failed test when its bundle is gone. */
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
  cell: Cell | undefined,
  wanted: string,
): Cell['invariants'][number] | undefined {
  return cell?.invariants.find(({ id }) => id === wanted);
}

/** Pages that the page allocator has, as the kernel says. */
export function freePages(cell: Cell | undefined): number[] {
  return (
    cell?.pages.flatMap(({ observed }, page) =>
      observed === 'free' || observed === 'used' ? [page] : [],
    ) ?? []
  );
}
