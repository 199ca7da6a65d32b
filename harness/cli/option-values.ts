// SPDX-License-Identifier: MIT
/** What the values of options and arguments are, for whoever completes a command line. */
import type { Option } from 'commander';

/** A kind of value: a list that sub1m knows, or files. */
export type ValueKind =
  | 'files'
  | 'folders'
  | 'invariants'
  | 'kernels'
  | 'layouts'
  | 'matrices'
  | 'policies'
  | 'recipes'
  | 'reporters';

/**
 * The kind of each option's value, by its long flag; with its value where another command means something else. Options
 * whose values commander lists are left out.
 */
export const VALUES_OF: Readonly<Record<`--${string}`, ValueKind>> = {
  '--base': 'kernels',
  '--config': 'files',
  '--corpus <folder>': 'folders',
  '--from': 'folders',
  '--history <file>': 'files',
  '--html': 'files',
  '--invariant': 'invariants',
  '--kernel': 'kernels',
  '--known': 'files',
  '--layout': 'layouts',
  '--on': 'recipes',
  '--out': 'folders',
  '--patches': 'files',
  '--policy': 'policies',
  '--put': 'files',
  '--recipe': 'recipes',
  '--reporter': 'reporters',
  '--results': 'folders',
  '--save-layout': 'files',
  '--resume': 'folders',
  '--series': 'files',
  '--spool': 'folders',
  '--state': 'folders',
  '--store': 'folders',
  '--tree': 'folders',
  '--write': 'files',
};

/** The kind of an option's value; undefined if it is any text. */
export function valueKindOf({
  flags,
  long,
}: Pick<Option, 'flags' | 'long'>): ValueKind | undefined {
  return VALUES_OF[flags as `--${string}`] ?? VALUES_OF[(long ?? '') as `--${string}`];
}

/** The kind of each command's arguments. */
export const ARGUMENTS_OF: Readonly<Record<string, ValueKind>> = {
  build: 'recipes',
  check: 'kernels',
  explain: 'files',
  history: 'files',
  inspect: 'files',
  judge: 'folders',
  report: 'files',
  run: 'matrices',
  submit: 'folders',
};
