// SPDX-License-Identifier: MIT
import { counted } from '../../memory/counted.ts';
import { vmcoreFile } from '../../bundle/evidence.ts';
import { pageRange, renderPages } from '../../memory/page-map.ts';
import { hex, pfn } from '../../memory/pfn.ts';
import { intersects, renderRange } from '../../memory/phys-range.ts';
import { rangeSet, without } from '../../memory/range-set.ts';
import { notCaptured } from './check-kdump.ts';
import { type Check, type Finding, broken, kept, notAsked, unseen } from './finding.ts';
import { phaseEnded } from '../observe/phase-ended.ts';
import type { JumpWrite, MemoryTruth, VmcoreTruth } from '../observe/memory-truth.ts';
import type { PageList } from '../observe/ram-pages.ts';

export const NO_TRUTH = notAsked('The cell does not look at memory at the kexec jump');

/**
 * `kdump.confined`: the capture kernel has the crashkernel, and of the memory below 1 MiB what the model predicts; and
 * of the crashed kernel's memory above, no page has changed.
 */
export const checkConfined: Check = ({ record, observation, prediction }) => {
  const evidence = 'capture/iomem';
  const { captureRam, iomem, memory } = observation;
  if (captureRam.value === null) return notCaptured(record) ?? unseen(captureRam);
  if (iomem.value === null) return unseen(iomem);
  if (prediction.value === null) return unseen(prediction);
  const given = rangeSet([...iomem.value.crashkernel, ...prediction.value.captureLowRam]);
  const beyond = without(rangeSet(captureRam.value), given);
  if (beyond.length > 0) {
    const which = beyond.map(renderRange).join(', ');
    return broken(`The capture kernel has ${which}, which is the crashed kernel's`, { evidence });
  }
  const has = 'The capture kernel has the crashkernel and low memory alone';
  if (memory === null) return kept(has, { evidence });
  return memory.value === null ? unseen(memory) : checkUnwritten(memory.value, has);
};

/** What kernels are known to do to an EFI table when they read it. */
const TOLD_OF: Readonly<Record<string, string>> = {
  INITRD:
    ', which efi_config_parse_tables() clears (linux-efi, December 2025: "efi: Wipe INITRD config table from memory after consumption")',
};

function checkUnwritten(memory: MemoryTruth, has: string): Finding {
  const evidence = 'capture/page-crcs.gz';
  const { changed, jumpWrites } = memory;
  if (changed.value === null) return unseen(changed);
  const [written, byJump] = apart(changed.value.pages, jumpWrites);
  if (mayBeHidden(written, memory)) return HIDDEN_WRITE;
  const tables = changed.value.tables.map((table) => {
    const [name = ''] = table.split('=');
    const told = TOLD_OF[name] ?? '';
    return `; in it is the EFI table ${table}${told}`;
  });
  const why = `After the kexec jump ${named(written)} of the crashed kernel changed${tables.join('')}`;
  return written.count > 0
    ? broken(why, { evidence })
    : kept(`${has}, and wrote to no other page${but(byJump)}`, { evidence });
}

/** `kdump.vmcore-bytes` */
export const checkVmcoreBytes: Check = ({ record, observation: { memory } }) => {
  const blind = notCaptured(record);
  if (blind) return blind;
  if (memory === null) return NO_TRUTH;
  if (memory.value === null) return unseen(memory);
  const { vmcore } = memory.value;
  if (vmcore === null) return notAsked('The cell keeps no vmcore');
  if (!phaseEnded(record, 'dump')) return unseen('The vmcore is not whole');
  if (vmcore.value === null) return broken(vmcore.why, { evidence: vmcoreFile(record.spec) });
  return checkPages(vmcore.value, memory.value, record.spec.vmcore === 'filtered');
};

function checkPages(
  { compared, differing, leftOut, keptKindsLeftOut: wrongly, zeroesLeftOut }: VmcoreTruth,
  memory: MemoryTruth,
  isFiltered: boolean,
): Finding {
  const evidence = 'jump/page-crcs.gz';
  const [wrong, byJump] = apart(differing, memory.jumpWrites);
  const faults = [
    ...(wrong.count > 0
      ? [`${named(wrong)} differ from memory at the kexec jump${whoWrote(wrong, memory.changed)}`]
      : []),
    ...(leftOut.count > 0 && !isFiltered ? [`${named(leftOut)} are missing`] : []),
    ...(isFiltered && wrongly.value && wrongly.value.count > 0
      ? [
          `makedumpfile left out ${named(wrongly.value)} that are neither free nor cache nor user data`,
        ]
      : []),
  ];
  if (faults.length === 1 && mayBeHidden(wrong, memory)) return HIDDEN_WRITE;
  if (faults.length > 0) return broken(faults.join('; '), { evidence });
  if (isFiltered && wrongly.value === null) return unseen(wrongly);
  const said = `${compared} pages are as at the kexec jump${but(byJump)}`;
  return kept(`${said}${whatElse({ leftOut, zeroesLeftOut }, isFiltered)}`, { evidence });
}

const HIDDEN_WRITE = unseen({
  value: null,
  why: 'One page of the kernel changed, perhaps that of ftrace_enabled: it does not tell where that is',
  shownBy: 'CONFIG_KALLSYMS_ALL',
});

/** Whether the only page that changed may be one that the jump writes to, in a kernel that hides which. */
function mayBeHidden({ count, first }: PageList, { hiddenWrites }: MemoryTruth): boolean {
  const [page = pfn(0)] = first;
  return count === 1 && hiddenWrites.some((range) => intersects(range, pageRange(page)));
}

/** The pages that a vmcore need not have. */
function whatElse(
  { leftOut, zeroesLeftOut }: Pick<VmcoreTruth, 'leftOut' | 'zeroesLeftOut'>,
  isFiltered: boolean,
): string {
  if (isFiltered) {
    return `; the filter left out ${zeroesLeftOut + leftOut.count} that are free, cache, user data or zero`;
  }
  return zeroesLeftOut > 0 ? `; the other ${zeroesLeftOut} are zeroes` : '';
}

/** How many of the pages that are wrong in a vmcore the capture kernel had written to, in words. */
function whoWrote(wrong: PageList, { value: changed }: MemoryTruth['changed']): string {
  const { length } = wrong.first.filter((page) => changed?.pages.first.includes(page));
  return length > 0 ? `: the capture kernel wrote to ${length} of them before` : '';
}

/** Splits a list into pages without a name and named ones. */
export function apart(
  { count, first }: PageList,
  writes: readonly JumpWrite[],
): [PageList, JumpWrite[]] {
  const byJump = writes.filter(({ page }) => first.includes(page));
  const rest = first.filter((page) => !byJump.some((write) => write.page === page));
  return [{ count: count - (first.length - rest.length), first: rest }, byJump];
}

export function named({ count, first }: PageList): string {
  const pages = renderPages(first).join(', ');
  return `${counted(count, 'page')} (${pages}${first.length < count ? ', …' : ''})`;
}

/** The named exceptions, in words. */
function but(byJump: readonly JumpWrite[]): string {
  const exceptions = byJump.map(({ page, what }) => `${what} (page ${hex(page)})`);
  return exceptions.length === 0
    ? ''
    : `, but for what the jump itself writes: ${exceptions.join(', ')}`;
}
