// SPDX-License-Identifier: MIT
import { counted } from '../../memory/counted.ts';
import type { Trouble } from '../../memory/kernel-trouble.ts';
import type { Prediction } from '../../model/prediction.ts';
import type { CaptureLog } from '../observe/capture-log.ts';
import { notCaptured } from './check-kdump.ts';
import { type Check, type Finding, broken, kept, notAsked, unseen } from './finding.ts';

/** Complaints that are named. */
const NAMED = 3;

const NO_DMA =
  'zone DMA is empty: the system kernel has a pool for GFP_DMA (dma_atomic_pool_init()), the capture kernel has none';

/** `kdump.capture-log` */
export const checkCaptureLog: Check = ({ record, observation: { captureLog }, prediction }) => {
  const blind = notCaptured(record);
  if (blind) return blind;
  if (captureLog === null) return notAsked('The cell keeps no log of its capture kernel');
  if (captureLog.value === null) return unseen(captureLog.why);
  return prediction.value === null
    ? unseen(prediction.why)
    : judge(captureLog.value, prediction.value);
};

function judge(
  { evidence, own, shared, dmaPool }: CaptureLog,
  { policy, captureZoneDma }: Prediction,
): Finding {
  const isEmpty = dmaPool.system && !dmaPool.capture;
  const faults = [...described(own), ...(isEmpty && captureZoneDma ? [NO_DMA] : [])];
  if (faults.length > 0) return broken(faults.join('; '), { evidence });
  const also = [
    ...(isEmpty ? [`zone DMA is empty, as ${policy} leaves it`] : []),
    ...(shared.length > 0
      ? [`${counted(shared.length, 'complaint')} that the system kernel has, too`]
      : []),
  ];
  const but = also.length > 0 ? `, but for this: ${also.join('; ')}` : '';
  return kept(`The capture kernel's log has no complaint${but}`, { evidence });
}

/** The first complaints, in words. */
function described(own: readonly Trouble[]): string[] {
  const named = own.slice(0, NAMED).map(({ what, line }) => `the log has ${what}: ${line}`);
  return own.length > NAMED ? [...named, `and ${own.length - NAMED} more`] : named;
}
