// SPDX-License-Identifier: MIT
/** What a log shows of the outcome, compared with the prediction: one row for each kind of line. */
import { isDistributionsOwn } from '../../memory/crashkernel.ts';
import { findParameter } from '../../memory/kernel-cmdline.ts';
import { findLogLine } from '../../memory/kernel-log.ts';
import { parseMemblockLog } from '../../memory/memblock-log.ts';
import { lowPages, renderPages } from '../../memory/page-map.ts';
import { type Pfn, SZ_1M, hex, pfn } from '../../memory/pfn.ts';
import { physRange } from '../../memory/phys-range.ts';
import { LOCKS } from '../../model/kernel-traits.ts';
import { isRam } from '../../model/owners.ts';
import { meetsCondition, parseKernelCondition } from '../../kernel-condition.ts';
import type { Comparison, Predicted } from './comparison.ts';
import { reservedDmaPages } from './dma-reserve.ts';
import { lowHoles } from './low-holes.ts';
import { isPastSetup } from './past-setup.ts';

type Row = (log: string, predicted: Predicted) => Comparison | null;

/** What of a log tells the outcome, each null where the log has nothing of it. */
const ROWS: readonly Row[] = [
  trampoline,
  dmaReserve,
  lowHoles,
  (log, predicted) => memblock(log, predicted, 'reserve'),
  (log, predicted) => memblock(log, predicted, 'free'),
  lock,
  noRoom,
  panic,
  crashkernel,
];

/** Everything that the log shows of the outcome, compared. */
export function compareOutcome(log: string, predicted: Predicted): Comparison[] {
  return ROWS.map((row) => row(log, predicted)).filter((found) => found !== null);
}

/** Where the log has the trampoline: printed by `reserve_real_mode()` up to 5.0 (4.20 hides the pointer, not the address). */
const TRAMPOLINE = /\bBase memory trampoline at \[[^\]\n]{1,32}\] ([0-9a-f]{1,8}) size (\d{1,6})\b/;

function trampoline(log: string, { prediction }: Predicted): Comparison | null {
  const [, at, size] = TRAMPOLINE.exec(log) ?? [];
  if (at === undefined) return null;
  const start = Number.parseInt(at, 16);
  const seen = physRange(start, Math.min(start + Number(size), SZ_1M));
  const agrees = prediction.trampoline?.start === seen.start;
  const own = prediction.trampoline ? lowPages(prediction.trampoline) : [];
  return {
    what: 'the trampoline',
    seen: hex(start),
    predicted: prediction.trampoline ? hex(prediction.trampoline.start) : 'nowhere',
    agrees,
    pages: agrees ? [] : difference(own, lowPages(seen)),
  };
}

const DMA_RESERVED = /\bDMA zone: (\d{1,7}) pages reserved\b/;
/** Public logs of kernels before 3.8 have another count, from 6 to 118 where 21 pages are reserved: not compared. */
const COUNTED_OTHERWISE = parseKernelCondition('..3.7');

/** See `reservedDmaPages()`. A 32-bit kernel counts none; boot services that the log does not show count, too. */
function dmaReserve(log: string, predictedOf: Predicted): Comparison | null {
  const { inputs, prediction, is32Bit, hasBootServices } = predictedOf;
  const [, count] = DMA_RESERVED.exec(log) ?? [];
  if (count === undefined || is32Bit || countsOtherwise(log)) return null;
  const predicted = reservedDmaPages(inputs, prediction);
  return {
    what: 'reserved pages of zone DMA',
    seen: String(Number(count)),
    predicted: `${hasBootServices ? '' : 'at least '}${predicted}`,
    agrees: hasBootServices ? predicted === Number(count) : predicted <= Number(count),
    pages: [],
  };
}

function countsOtherwise(log: string): boolean {
  const [, release = ''] = /\bLinux version (\d[^\s]{0,32})/.exec(log) ?? [];
  return COUNTED_OTHERWISE !== undefined && meetsCondition(COUNTED_OTHERWISE, release);
}

/** `memblock=debug`: the RAM below 1 MiB that calls name after `parse_early_param()`, whatever their order. */
function memblock(
  log: string,
  { prediction }: Predicted,
  call: 'reserve' | 'free',
): Comparison | null {
  const calls = parseMemblockLog(log);
  if (calls.length === 0) return null;
  const isRamPage = (page: Pfn): boolean => isRam(prediction.pages[page]?.owner ?? 'firmware');
  const pagesOf = (lines: typeof calls): Pfn[] => {
    const pages = lines.flatMap((line) => (line.call === call ? lowPages(line.range) : []));
    return [...new Set(pages)].filter(isRamPage).toSorted((a, b) => a - b);
  };
  const [seen, predicted] = [pagesOf(calls), pagesOf([...prediction.memblockCalls])];
  const pages = difference(seen, predicted).filter(
    (page) => isPastSetup(log) || !predicted.includes(page),
  );
  return {
    what: `what memblock_${call}() is called for`,
    seen: renderPages(seen).join(', ') || 'no page',
    predicted: renderPages(predicted).join(', ') || 'no page',
    agrees: pages.length === 0,
    pages,
  };
}

/** `crash_reserve_low_1M()`. */
function lock(log: string, { prediction }: Predicted): Comparison | null {
  const [seen, predicted] = [log.includes(LOCKS), prediction.logLines.includes(LOCKS)];
  if (!seen && !(predicted && isPastSetup(log))) return null;
  return said('the lock of the first 1 MiB', seen, predicted);
}

const NO_ROOM =
  /\bNo (?:sub-1M memory is available for the trampoline|memory below 0x0*100000 for the real-mode trampoline)/;

function noRoom(log: string, { prediction }: Predicted): Comparison | null {
  const seen = NO_ROOM.test(log);
  const predicted = prediction.logLines.some((line) => NO_ROOM.test(line));
  if (!seen && !(predicted && isPastSetup(log))) return null;
  return said('a trampoline that finds no free memory', seen, predicted);
}

/** What a kernel prints that has its trampoline: it came to start its CPUs, or to user space. */
const CAME_UP =
  /\bsmp: Brought up |\bsmpboot: Total of |\bFreeing unused kernel |\bRun \/\S+ as init/;
/** Panics of low memory: others have other causes. */
const LOW_PANIC =
  /Kernel panic - not syncing: (?:Real mode trampoline was not allocated|Cannot allocate trampoline)/;

function panic(log: string, { prediction }: Predicted): Comparison | null {
  const seen = LOW_PANIC.test(log);
  const predicted = prediction.panic !== null;
  if (!seen && !(predicted && CAME_UP.test(log))) return null;
  const line = prediction.panic?.line ?? 'it boots';
  return {
    what: 'how the kernel ends',
    seen: seen ? (findLogLine(log, LOW_PANIC) ?? '') : 'it boots',
    predicted: line,
    agrees: seen === predicted,
    pages: [],
  };
}

const CRASHKERNEL_RESERVED =
  /\bcrashkernel reserved: 0x[0-9a-f]{1,16} - 0x[0-9a-f]{1,16} \((\d{1,9}) MB\)|\bReserving (\d{1,9})MB of memory at \d{1,9}MB for crashkernel/;
const CRASHKERNEL_FAILED =
  /\bcrashkernel reservation failed|\bcrashkernel: (?:memory value expected|unrecognized char|value expected|size resulted in zero bytes)|\bcrashkernel(?:: | )Cannot/i;

/** Of `crashkernel=auto` nothing is predicted. */
function crashkernel(log: string, { inputs, prediction }: Predicted): Comparison | null {
  if (isDistributionsOwn(findParameter(inputs.cmdline, 'crashkernel')?.value ?? '')) return null;
  const [, newer, older] = CRASHKERNEL_RESERVED.exec(log) ?? [];
  const size = newer ?? older;
  const failed = CRASHKERNEL_FAILED.test(log);
  if (size === undefined && !failed) return null;
  const fit = prediction.crashkernel;
  const predicted = fit?.fits ? Math.ceil(fit.size / SZ_1M) : null;
  const found = size === undefined ? null : Number(size);
  const words = (mib: number | null): string => (mib === null ? 'none' : `${mib} MiB`);
  return {
    what: 'the crashkernel that is reserved',
    seen: words(found),
    predicted: words(predicted),
    agrees: found === predicted,
    pages: [],
  };
}

function said(what: string, seen: boolean, predicted: boolean): Comparison {
  const words = (is: boolean): string => (is ? 'yes' : 'no');
  const agrees = seen === predicted;
  return { what, seen: words(seen), predicted: words(predicted), agrees, pages: [] };
}

function difference(some: readonly Pfn[], others: readonly Pfn[]): Pfn[] {
  const both = new Set([...some, ...others]);
  return [...both]
    .filter((page) => some.includes(page) !== others.includes(page))
    .toSorted((a, b) => a - b)
    .map((page) => pfn(page));
}
