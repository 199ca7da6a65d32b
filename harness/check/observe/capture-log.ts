// SPDX-License-Identifier: MIT
import type { EvidenceFile } from '../../bundle/evidence.ts';
import { isWholeLog } from '../../memory/kernel-log.ts';
import { type Trouble, findTrouble, saysDmaPool } from '../../memory/kernel-trouble.ts';
import { emptyZones } from '../../memory/zoneinfo.ts';
import type { Seen } from '../../seen.ts';
import { type Evidence, captureKernelPart } from './evidence.ts';

/** What the capture kernel's log complains of, next to the system kernel's. */
export interface CaptureLog {
  /** The file that shows it. */
  readonly evidence: EvidenceFile;
  /** What it alone complains of. */
  readonly own: readonly Trouble[];
  /** What the system kernel complains of as well. */
  readonly shared: readonly Trouble[];
  /** Zones of the capture kernel that have memory, of which its page allocator has none. */
  readonly emptyZones: readonly string[];
}

const DMESG = 'capture/dmesg';
const ZONEINFO = 'capture/zoneinfo';

/** Reads the logs; null in a bundle that keeps neither the capture kernel's log nor the console. */
export function seenCaptureLog(evidence: Evidence): Seen<CaptureLog> | null {
  if (!evidence.has(DMESG) && !evidence.has('console.log')) return null;
  const dmesg = evidence.text(DMESG) ?? '';
  const whole = isWholeLog(dmesg);
  const log = whole ? dmesg : captureKernelPart(evidence.text('console.log') ?? '');
  if (log === '') return { value: null, why: `${DMESG} is not whole, nor is the console` };
  const { systemLog } = evidence;
  if (systemLog === '') return { value: null, why: "The system kernel's log is not whole" };
  const zones = evidence.has(ZONEINFO)
    ? evidence.parsed(ZONEINFO, emptyZones)
    : { value: emptyByLog(systemLog, log) };
  if (zones.value === null) return zones;
  const known = new Set(findTrouble(systemLog).map(({ key }) => key));
  const found = findTrouble(log);
  return {
    value: {
      evidence: whole ? DMESG : 'console.log',
      own: found.filter(({ key }) => !known.has(key)),
      shared: found.filter(({ key }) => known.has(key)),
      emptyZones: zones.value,
    },
  };
}

/** In a bundle from before there was `capture/zoneinfo` the pool for `GFP_DMA` tells, if the system kernel has one. */
function emptyByLog(systemLog: string, captureLog: string): string[] {
  return saysDmaPool(systemLog) && !saysDmaPool(captureLog) ? ['DMA'] : [];
}
