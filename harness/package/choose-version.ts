// SPDX-License-Identifier: MIT
import suites from '../../images/suites/debian.json' with { type: 'json' };
import { compareDebianVersions } from './debian-version.ts';

/** Something of which a mirror has several versions. */
interface Versioned {
  readonly version: string;
  readonly suite: string;
}

/** The suites that `images/suites/` names. */
export const SUITES: readonly string[] = [...suites.archive, ...suites.security];

/** The newest, from a suite of last resort only if there is no other. */
export function newestVersion<T extends Versioned>(versions: readonly T[]): T | undefined {
  const sorted = versions.toSorted(byVersion);
  return sorted.findLast(({ suite }) => !suites.lastResort.includes(suite)) ?? sorted.at(-1);
}

/** Whether a suite belongs to a release, e.g. `bookworm`: so do its updates and security fixes. */
export function isOfRelease(suite: string, release: string): boolean {
  return [release, `${release}-updates`, `${release}-security`].includes(suite);
}

/** Orders what has a version from old to new. */
export function byVersion(a: Versioned, b: Versioned): number {
  return compareDebianVersions(a.version, b.version);
}

/**
 * The two items before and the two after `wanted`, in the order of Debian versions, which also
 * suits names with a version.
 */
export function neighbours<T>(items: readonly T[], wanted: string, key: (item: T) => string): T[] {
  const sorted = items.toSorted((a, b) => compareDebianVersions(key(a), key(b)));
  const older = sorted.filter((item) => compareDebianVersions(key(item), wanted) < 0).length;
  return sorted.slice(Math.max(0, older - 2), older + 2);
}
