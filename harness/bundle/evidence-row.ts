// SPDX-License-Identifier: MIT
import type { Phase } from './cell-record.ts';
import type { Limit } from './evidence-limits.ts';

/** What is known of a file of a bundle. */
export interface EvidenceRow {
  /** As results/README.md says it. */
  readonly is: string;
  /** The phase that leaves it; null for what is written when the cell is over. */
  readonly phase: Phase | null;
  /** Whether it is read into memory to be judged; the others are for people, or are read piece by piece. */
  readonly judged: boolean;
  /** Whether the guest sends it (guest/PROTOCOL.md); the host makes the others. */
  readonly fromGuest?: true;
  /** A larger one is not what it claims to be, and is not read; nor does a cell leave one. */
  readonly limit: Limit;
  /** Whether of a larger one the end is kept: it is a log. */
  readonly keepsEnd?: true;
  /** The option without which a kernel does not leave it, if that is all it takes. */
  readonly shownBy?: `CONFIG_${string}`;
}
