// SPDX-License-Identifier: MIT

let hasMade = false;

/** Notes that this program has made an entry of a cache. */
export function noteMadeEntry(): void {
  hasMade = true;
}

/** Whether it has made any: then the cache may have become too large. Every command asks, so this loads nothing else. */
export function hasMadeEntries(): boolean {
  return hasMade;
}
