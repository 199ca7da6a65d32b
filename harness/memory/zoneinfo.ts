// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';

/** What of `/proc/zoneinfo` is looked at, in characters: a zone takes about 2,000. */
const LIMIT = 1024 * 1024;

/**
 * The names of the zones that have pages of which the page allocator has none (`populated_zone()`, but not
 * `managed_zone()`). Throws `FormatError` unless each zone is as `zoneinfo_show_print()` (mm/vmstat.c) prints it.
 */
export function emptyZones(zoneinfo: string): string[] {
  const [before, ...zones] = zoneinfo.slice(0, LIMIT).split(/^Node \d{1,5}, zone +/m);
  if (before !== '' || zones.length === 0) throw unreadable();
  return zones.filter(isEmpty).map((zone) => /^\w{1,16}/.exec(zone)?.[0] ?? '');
}

function isEmpty(zone: string): boolean {
  const [, present, managed] = /^ +present +(\d{1,15})\n +managed +(\d{1,15})$/m.exec(zone) ?? [];
  if (!/^\w{1,16}\n/.test(zone) || managed === undefined) throw unreadable();
  return Number(present) > 0 && Number(managed) === 0;
}

function unreadable(): FormatError {
  return new FormatError(
    'Cannot read /proc/zoneinfo: expected zones, each with "present" and "managed"',
  );
}
