// SPDX-License-Identifier: MIT
/** What the values of options and arguments are, for whoever completes a command line. */

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

/** The kind of each option's value, by its long flag; options whose values commander lists are left out. */
export const VALUES_OF: Readonly<Record<`--${string}`, ValueKind>> = {
  '--base': 'kernels',
  '--config': 'files',
  '--from': 'folders',
  '--invariant': 'invariants',
  '--kernel': 'kernels',
  '--known': 'files',
  '--layout': 'layouts',
  '--on': 'recipes',
  '--patches': 'files',
  '--policy': 'policies',
  '--put': 'files',
  '--recipe': 'recipes',
  '--reporter': 'reporters',
  '--results': 'folders',
  '--series': 'files',
  '--state': 'folders',
  '--tree': 'folders',
};

/** The kind of each command's arguments. */
export const ARGUMENTS_OF: Readonly<Record<string, ValueKind>> = {
  build: 'recipes',
  check: 'kernels',
  inspect: 'files',
  judge: 'folders',
  run: 'matrices',
};
