// SPDX-License-Identifier: MIT

/** The version of each public document, its field `schema`: the rule is in results/README.md. */
export const DOCUMENT_VERSIONS = {
  run: 2,
  verdict: 2,
  series: 2,
  bisect: 2,
  fuzz: 1,
  model: 1,
  corpus: 1,
  explain: 1,
  doctor: 1,
  kernels: 1,
  cache: 1,
  queue: 1,
  history: 1,
  plan: 1,
  'run-plan': 1,
  'verdict-changes': 1,
} as const;

/** A document as nobody changes it: what a schema infers, read-only all the way down. */
export type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;
