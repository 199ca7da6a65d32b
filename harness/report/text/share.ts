// SPDX-License-Identifier: MIT

/** A share for people, with the interval in which the true one lies: `20 of 60 (23 % to 46 %)`. */
export function renderShare(share: {
  readonly count: number;
  readonly of: number;
  readonly low: number;
  readonly high: number;
}): string {
  return `${share.count} of ${share.of} (${percent(share.low)} to ${percent(share.high)})`;
}

/** Below a tenth with one digit behind the point. */
export function percent(part: number): string {
  const value = part * 100;
  return `${value < 10 && value > 0 ? value.toFixed(1) : value.toFixed(0)} %`;
}
