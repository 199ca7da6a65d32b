// SPDX-License-Identifier: MIT
import { counted } from '../../memory/counted.ts';
import { renderPages } from '../../memory/page-map.ts';
import { PAGE_SIZE, type Pfn, hex, pfn } from '../../memory/pfn.ts';
import { phaseEnded } from '../observe/phase-ended.ts';
import type { ReadsTried, VmcoreReads, WrongRead } from '../observe/vmcore-reads.ts';
import type { VmcoreSegments } from '../observe/vmcore-segments.ts';
import { notCaptured } from './check-kdump.ts';
import { type Check, type Finding, broken, kept, notAsked, unseen } from './finding.ts';

const EVIDENCE = 'capture/vmcore-reads';

/**
 * `kdump.vmcore-reads`: `__read_vmcore()` and `mmap_vmcore()` (fs/proc/vmcore.c) share nothing but the list of segments.
 */
export const checkVmcoreReads: Check = ({ record, observation }) => {
  const blind = notCaptured(record);
  if (blind) return blind;
  if (record.spec.vmcore === 'none') return notAsked('The cell keeps no vmcore');
  const { vmcoreReads, vmcoreSegments } = observation;
  if (vmcoreReads === null) {
    return phaseEnded(record, 'dump')
      ? notAsked(`The cell is from before there was ${EVIDENCE}`)
      : unseen('The cell ended before the vmcore was read in every way');
  }
  if (vmcoreReads.value === null) return unseen(vmcoreReads);
  const isSample = record.spec.vmcore !== 'both';
  return judge(vmcoreReads.value, { isSample, segments: vmcoreSegments?.value ?? null });
};

interface Told {
  readonly isSample: boolean;
  readonly segments: VmcoreSegments | null;
}

function judge(reads: VmcoreReads, { isSample, segments }: Told): Finding {
  const { seed, killedBy, unmapped } = reads;
  if (killedBy !== null) {
    const why = `Signal ${killedBy} ended the program that reads the vmcore (seed ${seed})`;
    return broken(why, { evidence: EVIDENCE });
  }
  const tried = [...reads.tries.values()];
  const wrong = tried.find((one) => one.wrong > 0);
  if (wrong) return describe(reads, wrong, segments);
  if (unmapped !== null) {
    return unseen(`The capture kernel refuses to map the vmcore (errno ${unmapped})`);
  }
  const compared = reads.tries.get('pages')?.count ?? 0;
  if (compared === 0 || (!isSample && compared < reads.pages)) {
    return unseen(`Only ${compared} of ${reads.pages} pages of the vmcore were compared`);
  }
  const others = tried.reduce((sum, { count }) => sum + count, 0) - compared;
  // A sample may have a page twice.
  const which = isSample ? `${compared} of ${reads.pages} pages` : `all ${reads.pages} pages`;
  const why = `read(), pread() and mmap() agree on ${which}, and in ${others} other reads (seed ${seed})`;
  return kept(why, { evidence: EVIDENCE });
}

/** The first read that is wrong, in words. */
function describe(
  { seed, tries }: VmcoreReads,
  { first: [one] }: ReadsTried,
  segments: VmcoreSegments | null,
): Finding {
  const all = [...tries].filter(([, { wrong }]) => wrong > 0);
  const counts = all.map(([name, { count, wrong }]) => `${wrong} of ${count} ${name}`);
  const wrongs = all.flatMap(([, { first }]) => first);
  const pages = [...new Set(wrongs.flatMap((wrong) => pageOf(wrong, segments)))];
  const named = renderPages(pages.toSorted((a, b) => a - b)).join(', ');
  const what = one ? `${describeRead(one)}; ` : '';
  const where = named === '' ? '' : `, in page ${named}`;
  const why = `${what}wrong are ${counts.join(', ')}${where} (seed ${seed})`;
  return broken(why, { evidence: EVIDENCE });
}

function describeRead({ offset, length, at, want, found }: WrongRead): string {
  const read = `A read of ${counted(length, 'byte')} at ${hex(offset)}`;
  return at === null
    ? `${read} gives ${found} where it must give ${want}`
    : `${read} has ${found} at ${hex(at)}, where mmap() has ${want}`;
}

/** The page of the crashed kernel's memory that a place in the file is of. */
function pageOf({ offset, at }: WrongRead, segments: VmcoreSegments | null): Pfn[] {
  const place = at ?? offset;
  const load = segments?.places.find(
    (one) => one.offset <= place && place < one.offset + one.fileBytes,
  );
  return load ? [pfn(Math.floor((load.paddr + place - load.offset) / PAGE_SIZE))] : [];
}
