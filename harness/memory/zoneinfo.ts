// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';

/** What of `/proc/zoneinfo` is looked at, in characters: a zone takes about 2,000. */
const LIMIT = 1024 * 1024;

/** Both counts follow the name within a few lines. */
const ZONE =
  /^Node \d{1,5}, zone +(\w{1,16})\n(?:(?!Node).{0,80}\n){0,64}? +present +(\d{1,15})\n +managed +(\d{1,15})$/gm;

/**
 * The names of the zones that have pages of which the page allocator has none (`populated_zone()`, but not
 * `managed_zone()`). Throws `FormatError` unless it is what `zoneinfo_show_print()` (mm/vmstat.c) prints.
 */
export function emptyZones(zoneinfo: string): string[] {
  const zones = Array.from(zoneinfo.slice(0, LIMIT).matchAll(ZONE), ([, name = '', ...counts]) => {
    const [present, managed] = counts.map(Number);
    return { name, isEmpty: present !== 0 && managed === 0 };
  });
  if (zones.length > 0) return zones.filter(({ isEmpty }) => isEmpty).map(({ name }) => name);
  throw new FormatError('Cannot read /proc/zoneinfo: expected "present" and "managed" of zones');
}
