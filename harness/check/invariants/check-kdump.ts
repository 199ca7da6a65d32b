// SPDX-License-Identifier: MIT
import type { CellRecord } from '../../bundle/cell-record.ts';
import { vmcoreFile } from '../../bundle/evidence.ts';
import { counted } from '../../memory/counted.ts';
import { type CrashkernelRequest, parseCrashkernel } from '../../memory/crashkernel.ts';
import { findParameter } from '../../memory/kernel-cmdline.ts';
import { PAGE_SIZE, hex } from '../../memory/pfn.ts';
import { printableText } from '../../memory/printable-text.ts';
import { type PhysRange, rangeSize, renderRange } from '../../memory/phys-range.ts';
import { type Check, type Finding, broken, kept, notAsked, unseen } from './finding.ts';
import { describeEnd, describeFailure, loadRefused } from '../observe/kernel-failure.ts';
import { phaseEnded } from '../observe/phase-ended.ts';

const NO_CRASHKERNEL = notAsked('The cell is without crashkernel');
const NO_CRASH = notAsked('The cell does not crash');

/** `kdump.reserved` */
export const checkReserved: Check = ({ record, cmdline, observation }) => {
  const evidence = 'system/iomem';
  const parameter = findParameter(cmdline, 'crashkernel');
  if (!parameter) return NO_CRASHKERNEL;
  if (observation.iomem.value === null) return unseen(observation.iomem);
  const { systemRam, crashkernel } = observation.iomem.value;
  const bytes = systemRam.reduce((sum, range) => sum + rangeSize(range), 0);
  const asked = parseCrashkernel(cmdline, bytes);
  if (!asked) {
    const value = printableText(parameter.value ?? '');
    return notAsked(`crashkernel=${value} asks for nothing on this machine`);
  }
  const freed = observation.crashkernelFreed?.value ?? 0;
  if (freed > 0) {
    const why = `${counted(freed, 'page')} of it are not reserved: the page allocator got them`;
    return broken(why, { evidence: vmcoreFile(record.spec) });
  }
  const area = crashkernel.find((range) => isAsAsked(range, asked));
  if (area) return kept(`${renderRange(area)} is reserved`, { evidence });
  const found = crashkernel.map(renderRange).join(', ') || 'none';
  const said = observation.crashkernelRefusal ? `; the log: ${observation.crashkernelRefusal}` : '';
  return broken(`${hex(asked.size)} bytes wanted, ${found} found${said}`, { evidence });
};

/** Whether it is where it was asked for, and as large, up to the end of a page. */
function isAsAsked(range: PhysRange, { size, offset }: CrashkernelRequest): boolean {
  const most = Math.ceil(size / PAGE_SIZE) * PAGE_SIZE;
  const isAsLarge = rangeSize(range) >= size && rangeSize(range) <= most;
  return isAsLarge && (offset ?? range.start) === range.start;
}

/** `kdump.captured` */
export const checkCaptured: Check = (cell) => {
  const { record, failure, observation } = cell;
  if (record.spec.crashkernel === null) return NO_CRASHKERNEL;
  if (record.spec.trigger === 'none') return NO_CRASH;
  if (observation.noVmcore !== null) {
    return broken(observation.noVmcore, { evidence: 'capture/dmesg' });
  }
  if (failure && (failure.where === 'crash' || failure.where === 'capture')) {
    return broken(describeFailure(failure), { evidence: 'console.log' });
  }
  if (loadRefused(record) && checkReserved(cell).outcome !== 'broken') {
    return broken(describeEnd(record), { evidence: 'console.log' });
  }
  return record.spec.vmcore === 'none' ? checkCaptureKernel(cell) : checkVmcore(cell);
};

const checkCaptureKernel: Check = ({ record }) =>
  phaseEnded(record, 'capture')
    ? kept('The capture kernel came up', { evidence: 'console.log' })
    : unseen(describeEnd(record));

const checkVmcore: Check = ({ record, observation: { vmcore } }) => {
  const evidence = vmcoreFile(record.spec);
  if (!phaseEnded(record, 'dump')) return unseen(describeEnd(record));
  if (vmcore === null) return unseen('The cell left no vmcore');
  return vmcore.value === null
    ? broken(vmcore.why, { evidence })
    : kept(`The vmcore is whole: ${vmcore.value}`, { evidence });
};

/** `kdump.dmesg` */
export const checkDmesg: Check = ({ record, observation: { crashedLog } }) => {
  const evidence = 'capture/crashed-dmesg';
  const blind = notCaptured(record);
  if (blind) return blind;
  if (crashedLog.value === null) return unseen(crashedLog);
  const { panicLine, lastLine } = crashedLog.value;
  return panicLine === null
    ? broken(`It has no panic line; it ends with: ${lastLine}`, { evidence })
    : kept(panicLine, { evidence });
};

/** The finding for a promise about the capture kernel where none came up; null where one did. */
export function notCaptured(record: CellRecord): Finding | null {
  if (record.spec.crashkernel === null) return NO_CRASHKERNEL;
  if (record.spec.trigger === 'none') return NO_CRASH;
  return phaseEnded(record, 'capture') ? null : unseen(describeEnd(record));
}
