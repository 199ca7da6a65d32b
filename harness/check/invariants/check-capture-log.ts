// SPDX-License-Identifier: MIT
import { counted } from '../../memory/counted.ts';
import type { Trouble } from '../../memory/kernel-trouble.ts';
import type { Prediction } from '../../model/prediction.ts';
import type { Seen } from '../../seen.ts';
import type { CaptureLog } from '../observe/capture-log.ts';
import { notCaptured } from './check-kdump.ts';
import { type Check, type Finding, broken, kept, notAsked, unseen } from './finding.ts';

/** Complaints that are named. */
const NAMED = 3;

/** `kdump.capture-log` */
export const checkCaptureLog: Check = ({ record, observation: { captureLog }, prediction }) => {
  const blind = notCaptured(record);
  if (blind) return died(blind, captureLog?.value ?? null);
  if (captureLog === null) return notAsked('The cell keeps no log of its capture kernel');
  if (captureLog.value === null) return unseen(captureLog);
  return judge(captureLog.value, prediction);
};

/** Of a capture kernel that died, only what it complained of by then can be told. */
function died(blind: Finding, log: CaptureLog | null): Finding {
  return blind.outcome === 'unseen' && log !== null && log.own.length > 0
    ? broken(described(log.own).join('; '), { evidence: log.evidence })
    : blind;
}

function judge(log: CaptureLog, prediction: Seen<Prediction>): Finding {
  const { evidence, own, emptyZones } = log;
  const mayBeEmpty = prediction.value?.captureZoneDma === true ? [] : ['DMA'];
  const empty = emptyZones.filter((zone) => !mayBeEmpty.includes(zone));
  const faults = [...described(own), ...empty.map(describeEmpty)];
  if (faults.length > 0) return broken(faults.join('; '), { evidence });
  if (emptyZones.length > 0 && prediction.value === null) return unseen(prediction);
  const but = whatElse(log, prediction.value?.policy ?? '').join('; ');
  return kept(`The capture kernel's log has no complaint${but && `, but for this: ${but}`}`, {
    evidence,
  });
}

/** What is no fault of the capture kernel's, in words. */
function whatElse({ emptyZones, shared }: CaptureLog, policy: string): string[] {
  const zones = emptyZones.map((zone) => `zone ${zone} is empty, as ${policy} leaves it`);
  const complaints = counted(shared.length, 'complaint');
  return shared.length > 0 ? [...zones, `${complaints} that the system kernel has, too`] : zones;
}

function describeEmpty(zone: string): string {
  return `zone ${zone} is empty: it has memory, but the page allocator has none of it`;
}

/** The first complaints, in words. */
function described(own: readonly Trouble[]): string[] {
  const named = own.slice(0, NAMED).map(({ what, line }) => `the log has ${what}: ${line}`);
  return own.length > NAMED ? [...named, `and ${own.length - NAMED} more`] : named;
}
