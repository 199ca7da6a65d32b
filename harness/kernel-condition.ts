// SPDX-License-Identifier: MIT

/** The first numbers of a kernel version: `[5, 10]` is every 5.10.x. */
type VersionPrefix = readonly number[];

/** A condition on a kernel's release: not older than `from`, not newer than `to`; null is no bound. */
export interface KernelCondition {
  readonly from: VersionPrefix | null;
  readonly to: VersionPrefix | null;
}

const NUMBERS = String.raw`\d{1,9}(?:\.\d{1,9})*`;
const CONDITION = new RegExp(`^(?:(${NUMBERS})|(${NUMBERS})?\\.\\.(${NUMBERS})?)$`);

/** The digits with which a release such as `5.10.0-32-amd64` begins; `6.12-rc3` is of 6.12. */
const RELEASE = new RegExp(`^${NUMBERS}`);

/**
 * Reads `5.10` (every 5.10.x) or a range of such prefixes, `5.10..6.1`, in which both are included and either may be
 * missing. Undefined for anything else, and for a range that no kernel is in.
 */
export function parseKernelCondition(text: string): KernelCondition | undefined {
  const [all, one, first, last] = CONDITION.exec(text) ?? [];
  const from = parsePrefix(one ?? first);
  const to = parsePrefix(one ?? last);
  const boundless = from === null && to === null;
  if (all === undefined || boundless) return undefined;
  return from && to && compare(from, to) > 0 ? undefined : { from, to };
}

/** Whether a kernel of that release meets the condition; one whose release begins with no version meets none. */
export function meetsCondition({ from, to }: KernelCondition, release: string): boolean {
  const version = parsePrefix(RELEASE.exec(release)?.[0]);
  if (version === null) return false;
  // A number that a release does not have is 0: 6.12-rc3 comes before 6.12.1.
  const whole = (length: number): VersionPrefix =>
    Array.from({ length }, (_, index) => version[index] ?? 0);
  const notOlder = from === null || compare(whole(from.length), from) >= 0;
  return notOlder && (to === null || compare(whole(to.length), to) <= 0);
}

function parsePrefix(text: string | undefined): VersionPrefix | null {
  return text === undefined ? null : text.split('.').map(Number);
}

/** Negative, zero or positive as `Array.sort` has it; of two lengths, the shorter decides. */
function compare(one: VersionPrefix, other: VersionPrefix): number {
  const length = Math.min(one.length, other.length);
  const differences = one.slice(0, length).map((number, index) => number - (other[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}
