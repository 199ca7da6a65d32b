// SPDX-License-Identifier: MIT
import { SZ_1M } from '../memory/pfn.ts';
import {
  type PhysRange,
  covers,
  intersects,
  physRange,
  renderRange,
} from '../memory/phys-range.ts';
import { type RangeSet, addRange, without } from '../memory/range-set.ts';
import { type Check, broken, kept, notAsked, unseen } from './finding.ts';
import { notCaptured } from './check-kdump.ts';

const LOW: PhysRange = physRange(0, SZ_1M);

/**
 * `kdump.vmcore-ranges`: above 1 MiB the dump has System RAM without the crashkernel (`prepare_elf_headers()`; kexec-tools'
 * `get_crash_memory_ranges()`), below it what the model predicts for the syscall.
 */
export const checkVmcoreRanges: Check = ({ record, observation, prediction }) => {
  const evidence = 'capture/vmcore-header';
  const { vmcoreSegments, iomem } = observation;
  const blind = notCaptured(record);
  if (blind) return blind;
  if (vmcoreSegments === null) return notAsked(`The cell is from before there was ${evidence}`);
  if (vmcoreSegments.value === null) return unseen(vmcoreSegments.why);
  if (iomem.value === null) return unseen(iomem.why);
  if (prediction.value === null) return unseen(prediction.why);
  const { memory, image } = vmcoreSegments.value;
  const { systemRam, crashkernel } = iomem.value;
  const low = prediction.value.vmcoreLow[record.spec.load];
  const wanted = setOf([...low, ...without(setOf(systemRam), [LOW, ...crashkernel])]);
  const found = setOf(memory);
  const faults = [
    ...without(wanted, found).map((range) => `${renderRange(range)} is missing`),
    ...without(found, wanted).map((range) => `${renderRange(range)} does not belong in it`),
    ...twice(memory).map((range) => `${renderRange(range)} is in it twice`),
    ...image
      .filter((range) => !covers(found, range))
      .map((range) => `the kernel image ${renderRange(range)} lies outside of it`),
  ];
  return faults.length > 0
    ? broken(faults.join('; '), { evidence })
    : kept(`The vmcore has the ${wanted.length} ranges that are predicted`, { evidence });
};

/**
 * `kdump.confined`: the capture kernel has the crashkernel, and of the memory below 1 MiB what the model predicts;
 * nothing that is still the crashed kernel's.
 */
export const checkConfined: Check = ({ record, observation, prediction }) => {
  const evidence = 'capture/iomem';
  const blind = notCaptured(record);
  if (blind) return blind;
  const { captureRam, iomem } = observation;
  if (captureRam.value === null) return unseen(captureRam.why);
  if (iomem.value === null) return unseen(iomem.why);
  if (prediction.value === null) return unseen(prediction.why);
  const given = setOf([...iomem.value.crashkernel, ...prediction.value.captureLowRam]);
  const beyond = without(setOf(captureRam.value), given);
  return beyond.length > 0
    ? broken(
        `The capture kernel has ${beyond.map(renderRange).join(', ')}, which is the crashed kernel's`,
        { evidence },
      )
    : kept('The capture kernel has the crashkernel and low memory alone', { evidence });
};

function setOf(ranges: readonly PhysRange[]): RangeSet {
  return ranges.reduce<RangeSet>(addRange, []);
}

/** The ranges that share bytes with one before them. */
function twice(ranges: readonly PhysRange[]): PhysRange[] {
  return ranges.filter((range, at) => ranges.slice(0, at).some((one) => intersects(one, range)));
}
