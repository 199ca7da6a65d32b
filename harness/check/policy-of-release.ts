// SPDX-License-Identifier: MIT
import type { PolicyId } from '../model/policies.ts';

/** What a version says of a kernel. */
interface ReleasePolicy {
  readonly version: string;
  readonly id: PolicyId;
}

type Version = readonly [major: number, minor: number, patch: number];

interface Series {
  readonly from: Version;
  /** Only this series: its next minor version is another matter. */
  readonly alone?: boolean;
  readonly id: PolicyId;
}

/**
 * The policies by version; the first row that holds decides. Of a kernel that has died nothing can
 * be asked but its version, and distributions backport. Which of the two that reserve 1 MiB it has
 * makes no difference below it.
 */
const SERIES: readonly Series[] = [
  // Linux kernel commit a4b0bf6a40f3 ("x86/efi: defer freeing of boot services memory") and its backports.
  { from: [7, 0, 0], id: 'reserve-1m-deferred' },
  { from: [6, 12, 77], alone: true, id: 'reserve-1m-deferred' },
  { from: [6, 1, 167], alone: true, id: 'reserve-1m-deferred' },
  // f1d4d47c5851 ("x86/setup: Always reserve the first 1M of RAM") was not backported.
  { from: [5, 13, 0], id: 'reserve-1m' },
  // 6f599d84231f ("x86/kdump: Always reserve the low 1M …"), in v5.5, was: to 5.4.69.
  { from: [5, 4, 69], id: 'lock-on-crashkernel' },
  { from: [0, 0, 0], id: 'backup-region' },
];

/**
 * Tells the policy of a kernel by its release; undefined for one that does not begin with a
 * version.
 */
export function findPolicyOfRelease(release: string): ReleasePolicy | undefined {
  const match = /^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?/.exec(release);
  if (!match) return undefined;
  const [text, major, minor, patch = '0'] = match;
  const version: Version = [Number(major), Number(minor), Number(patch)];
  const series = SERIES.find((row) => holds(row, version));
  return series && { version: text, id: series.id };
}

function holds({ from, alone = false }: Series, version: Version): boolean {
  const isSeries = version[0] === from[0] && version[1] === from[1];
  return alone ? isSeries && version[2] >= from[2] : !isBefore(version, from);
}

function isBefore(a: Version, b: Version): boolean {
  const at = a.findIndex((part, index) => part !== b[index]);
  return at !== -1 && (a[at] ?? 0) < (b[at] ?? 0);
}
