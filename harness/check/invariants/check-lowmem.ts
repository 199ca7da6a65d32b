// SPDX-License-Identifier: MIT
import { type EvidenceFile, vmcoreFile } from '../../bundle/evidence.ts';
import { counted } from '../../memory/counted.ts';
import { findParameter } from '../../memory/kernel-cmdline.ts';
import { lowPages } from '../../memory/page-map.ts';
import { PAGE_SIZE, type Pfn, SZ_1M, hex, pfn } from '../../memory/pfn.ts';
import type { MemblockLine } from '../../memory/memblock-log.ts';
import type { MemblockCall } from '../../model/low-memory.ts';
import { type PhysRange, physRange, renderRange } from '../../memory/phys-range.ts';
import { POLICIES } from '../../model/policies.ts';
import type { Prediction } from '../../model/prediction.ts';
import type { Seen } from '../../seen.ts';
import { isUsable } from '../observe/agreement.ts';
import type { Observation } from '../observe/observation.ts';
import { type Check, type Finding, broken, kept, notAsked, undecided, unseen } from './finding.ts';
import { LOW, findDisagreements } from '../observe/page-faults.ts';
import { type TrampolineHeader, isTrampolineOf } from '../../memory/trampoline-bytes.ts';

/** `lowmem.matches-model` */
export const checkMatchesModel: Check = ({ observation, prediction }) => {
  if (observation.died) return checkDead(observation, prediction);
  if (observation.pages.value === null) return unseen(observation.pages);
  if (prediction.value === null) return unseen(prediction);
  const { panic } = prediction.value;
  if (panic) {
    const why = `${panic.step} was predicted to stop the kernel ("${panic.line}"), and it booted`;
    return broken(why, { evidence: 'console.log' });
  }
  const faults = findDisagreements(prediction.value, observation.pages.value, 'observed');
  if (faults) return broken(faults.why, { evidence: observation.pagesIn, pages: faults.pages });
  const elsewhere = findElsewhere(prediction.value, observation);
  if (elsewhere) return elsewhere;
  const { doubt } = prediction.value;
  return doubt ? undecided(doubt) : checkMemblockLog(prediction.value, observation);
};

/** Of a kernel that died on the way only the trampoline has its last place: it never moves. */
function checkDead(observation: Observation, prediction: Seen<Prediction>): Finding {
  const elsewhere = prediction.value && findElsewhere(prediction.value, observation);
  return elsewhere ?? unseen('It died before each page had its owner');
}

/** The trampoline, if it is seen elsewhere than predicted: a reserved page looks the same whoever has it. */
function findElsewhere(
  { trampoline: wanted, doubt }: Prediction,
  { trampoline: { value: found }, trampolineIn: evidence }: Observation,
): Finding | null {
  if (found === null || wanted?.start === found || doubt?.trampoline) return null;
  const pages = found < SZ_1M ? lowPages(physRange(found, found + 1)) : [];
  const place = wanted ? hex(wanted.start) : 'no place';
  return broken(`The trampoline is at ${hex(found)}, ${place} predicted`, { evidence, pages });
}

/** The pages are as predicted; with `memblock=debug`, checks that the calls that led there are, too. */
function checkMemblockLog(
  prediction: Prediction,
  { memblockCalls, pagesIn: evidence }: Observation,
): Finding {
  const pages = `All 256 pages are as ${prediction.policy} has them`;
  if (memblockCalls === null) return kept(pages, { evidence });
  const found = memblockCalls.map(renderCall);
  const wanted = saidCalls(prediction.memblockCalls, found.length).map(renderCall);
  const length = Math.max(wanted.length, found.length);
  const at = Array.from({ length }, (_, index) => index).find((i) => wanted[i] !== found[i]);
  if (at === undefined)
    return kept(`${pages}, by the same ${length} calls of memblock`, { evidence });
  const why = `Call ${at + 1} of memblock: ${wanted[at] ?? 'none'} predicted, ${found[at] ?? 'none'} logged`;
  return broken(why, { evidence: 'system/dmesg' });
}

/** The calls that are predicted; without those that not every kernel prints if as many as there are without them are logged. */
function saidCalls(calls: readonly MemblockCall[], logged: number): readonly MemblockCall[] {
  const said = calls.filter(({ isQuiet }) => !isQuiet);
  return said.length === logged ? said : calls;
}

function renderCall({ call, range }: MemblockLine): string {
  return `${call} ${renderRange(range)}`;
}

/** `lowmem.page0-kept` */
export const checkPage0Kept: Check = ({ observation: { pages, pagesIn: evidence } }) => {
  if (pages.value === null) return unseen(pages);
  const proof = { evidence, pages: [pfn(0)] };
  return pages.value[0] && isUsable(pages.value[0])
    ? broken('The page allocator has page 0', proof)
    : kept('The page allocator does not have page 0', { evidence });
};

/** `lowmem.locked` */
export const checkLocked: Check = ({ cmdline, observation, prediction }) => {
  if (!findParameter(cmdline, 'crashkernel')) return notAsked('The cell is without crashkernel');
  if (observation.pages.value === null) return unseen(observation.pages);
  const [classes, evidence] = [observation.pages.value, observation.pagesIn];
  const pages = LOW.filter((page) => isUsable(classes[page] ?? 'absent'));
  if (pages.length === 0)
    return kept('The system kernel can use no page below 1 MiB', { evidence });
  const why = `The system kernel can use ${counted(pages.length, 'page')} below 1 MiB`;
  return broken(why + (prediction.value ? whoFreed(prediction.value, pages) : ''), {
    evidence,
    pages,
  });
};

/** `lowmem.released` */
export const checkReleased: Check = ({ cmdline, observation, prediction }) => {
  if (prediction.value === null) return unseen(prediction);
  const { policy, pages: fates, doubt } = prediction.value;
  if (!POLICIES[policy].promisesRelease({ cmdline }))
    return notAsked(`${policy} promises no release`);
  const free = LOW.filter((page) => fates[page]?.owner === 'free');
  const isUndecided = LOW.some((page) => fates[page]?.owner === 'undecided');
  const maybe = isUndecided ? doubt : null;
  if (free.length === 0)
    return maybe ? undecided(maybe) : notAsked('All that is available is claimed');
  if (observation.died) return unseen('It died before it gave pages back');
  if (observation.pages.value === null) return unseen(observation.pages);
  const [classes, evidence] = [observation.pages.value, observation.pagesIn];
  const pages = free.filter((page) => !isUsable(classes[page] ?? 'absent'));
  if (pages.length === 0 && maybe) return undecided(maybe);
  return pages.length === 0
    ? kept(`The page allocator has all ${counted(free.length, 'page')} that nobody claims`, {
        evidence,
      })
    : broken(
        `${counted(pages.length, 'page')} of ${free.length} that nobody claims stay reserved`,
        { evidence, pages },
      );
};

/** The report of a kernel function that frees low memory. */
const TOLD_OF: Readonly<Record<string, string>> = {
  efi_free_boot_services:
    ' (linux-kernel, April 2021: "x86/efi: Do not release sub-1MB memory regions when the crashkernel option is specified")',
};

/** Which kernel functions free the pages in the model, in words; empty unless it knows for all of them. */
function whoFreed({ pages: fates }: Prediction, pages: readonly Pfn[]): string {
  const histories = pages.map((page) => fates[page]?.history ?? []);
  if (histories.some((history) => history.at(-1)?.owner !== 'free')) return '';
  // The first event is the e820 map's: a page without another was free all along.
  const steps = new Set(histories.flatMap((history) => history.slice(1).at(-1)?.step ?? []));
  const parts = [
    ...(steps.size > 0 ? [`freed by ${[...steps].join(' and ')}`] : []),
    ...(histories.some(({ length }) => length === 1) ? ['never reserved'] : []),
  ];
  const told = [...steps].map((step) => TOLD_OF[step] ?? '').join('');
  return `: ${parts.join(' or ')} although crashkernel locks low memory${told}`;
}

/** `lowmem.trampoline` */
export const checkTrampoline: Check = ({ record, observation, prediction }) => {
  if (observation.hasNoTrampoline) {
    const why = 'real_mode_header is NULL: the kernel has no trampoline';
    return broken(why, { evidence: 'system/real-mode.json' });
  }
  if (observation.trampoline.value === null) return unseen(observation.trampoline);
  if (prediction.value === null) return unseen(prediction);
  const { trampoline: wanted, doubt } = prediction.value;
  const found = observation.trampoline.value;
  const evidence = observation.trampolineIn;
  if (found >= SZ_1M || found % PAGE_SIZE !== 0) {
    return broken(`It is at ${hex(found)}, not at a page below 1 MiB`, { evidence });
  }
  if (doubt?.trampoline) return undecided(doubt);
  const pages = lowPages(wanted ?? physRange(found, found + 1));
  if (wanted?.start !== found) {
    const place = wanted ? hex(wanted.start) : 'no place';
    return broken(`It is at ${hex(found)}, ${place} predicted`, { evidence, pages });
  }
  return checkTrampolineBytes(wanted, vmcoreFile(record.spec), observation);
};

/** The trampoline is where it must be; checks that these bytes are a trampoline's, and stay so. */
function checkTrampolineBytes(
  place: PhysRange,
  vmcore: EvidenceFile,
  { savedMemory, writableCode, trampolineIn: evidence }: Observation,
): Finding {
  const writable = writableCode?.value ?? [];
  if (writable.length > 0) {
    const why = `${counted(writable.length, 'page')} below 1 MiB can be written to and executed`;
    return broken(why, { evidence: vmcore, pages: writable });
  }
  const pages = lowPages(place);
  const at = `It is at ${hex(place.start)}`;
  if (savedMemory === null) {
    const why = `${at}; the bytes there were not saved`;
    return kept(why, { evidence, pages });
  }
  if (savedMemory.value === null) return unseen(savedMemory);
  const header = savedMemory.value.trampoline;
  const proof = { evidence: 'jump/low1m.bin', pages } as const;
  if (header && isTrampolineOf(place, header)) {
    return kept(`${at}, and the bytes there are a trampoline's`, proof);
  }
  const words = header ? renderHeader(header) : 'no header';
  return broken(`${at}, but the bytes there are not a trampoline's: ${words}`, proof);
}

function renderHeader({ textStart, roEnd, trampolineStart }: TrampolineHeader): string {
  return `text_start ${hex(textStart)}, ro_end ${hex(roEnd)}, trampoline_start ${hex(trampolineStart)}`;
}
