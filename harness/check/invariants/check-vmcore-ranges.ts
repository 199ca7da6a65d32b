// SPDX-License-Identifier: MIT
import { type PhysRange, covers, intersects, renderRange } from '../../memory/phys-range.ts';
import { rangeSet, without } from '../../memory/range-set.ts';
import { type Check, broken, kept, notAsked, unseen } from './finding.ts';
import { notCaptured } from './check-kdump.ts';
import { crashedMemory } from '../observe/observation.ts';

/**
 * `kdump.vmcore-ranges`: above 1 MiB the dump has System RAM without the crashkernel (`prepare_elf_headers()`; kexec-tools'
 * `get_crash_memory_ranges()`), below it what the model predicts for the syscall. System RAM is all RAM that the kernel was
 * given.
 */
export const checkVmcoreRanges: Check = ({ record, observation, prediction }) => {
  const evidence = 'capture/vmcore-header';
  const { vmcoreSegments, iomem, lostRam } = observation;
  const blind = notCaptured(record);
  if (blind) return blind;
  if (vmcoreSegments === null) return notAsked(`The cell is from before there was ${evidence}`);
  if (vmcoreSegments.value === null) return unseen(vmcoreSegments);
  if (iomem.value === null) return unseen(iomem);
  if (prediction.value === null) return unseen(prediction);
  const { memory, image } = vmcoreSegments.value;
  const low = prediction.value.vmcoreLow[record.spec.load];
  const wanted = rangeSet([...low, ...crashedMemory(iomem.value)]);
  const found = rangeSet(memory);
  const faults = [
    ...lostRam.map((range) => `${renderRange(range)} is RAM, and nothing in /proc/iomem`),
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

/** The ranges that share bytes with one before them. */
function twice(ranges: readonly PhysRange[]): PhysRange[] {
  return ranges.filter((range, at) => ranges.slice(0, at).some((one) => intersects(one, range)));
}
