// SPDX-License-Identifier: MIT
import type { Find } from '../../bisect/bisect.ts';
import type { ChangeRange } from '../../bisect/linear-search.ts';

/** What is searched: one of packages, a tree, patches and a recipe. */
export interface RangeOptions {
  readonly packages?: string;
  /** Of the packages only those in the cache. */
  readonly cached?: true;
  readonly tree?: string;
  readonly good?: string;
  readonly bad?: string;
  readonly patches?: readonly string[];
  /** The recipe that the patches are for. */
  readonly on?: string;
  readonly recipe?: string;
  readonly find?: Find;
  readonly mirror?: string;
}

/** A range, and the texts and hashes that are the same for the same range. */
export interface NamedRange {
  readonly range: ChangeRange;
  /** What the newer end does; null to find out by booting both. */
  readonly find: Find | null;
  readonly content: readonly string[];
}
