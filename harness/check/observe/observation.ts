// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { countCpus } from '../../memory/cpu-list.ts';
import { type IomemEntry, parseIomem } from '../../memory/iomem.ts';
import { findParameter } from '../../memory/kernel-cmdline.ts';
import { findLogLine, isWholeLog } from '../../memory/kernel-log.ts';
import { type MemblockLine, parseMemblockLog } from '../../memory/memblock-log.ts';
import { printableText } from '../../memory/printable-text.ts';
import { type PageClass, readPageClasses } from '../../memory/kpageflags.ts';
import { type PhysAddr, SZ_1M } from '../../memory/pfn.ts';
import { type PhysRange, physRange } from '../../memory/phys-range.ts';
import { type RangeSet, rangeSet, without } from '../../memory/range-set.ts';
import type { VmcoreDigest } from '../../vmcore/vmcore-digest.ts';
import { type Seen, seenFrom } from '../../seen.ts';
import { type PageTag, seenFirmwareMemory, seenTags } from './firmware-memory.ts';
import { type CaptureLog, seenCaptureLog } from './capture-log.ts';
import type { DeadKernel } from '../../bundle/dead-kernel.ts';
import type { Evidence } from './evidence.ts';
import type { EvidenceFile } from '../../bundle/evidence.ts';
import { findLostRam } from './lost-ram.ts';
import { lowMemoryLines } from './low-memory-log.ts';
import { type MemoryTruth, seenMemoryTruth } from './memory-truth.ts';
import { seenNoVmcore } from './no-vmcore.ts';
import { type SavedMemory, seenSavedMemory } from './saved-memory.ts';
import { hasNoTrampoline, seenTrampoline, trampolineFile } from './trampoline.ts';
import { type VmcoreReads, parseVmcoreReads } from './vmcore-reads.ts';
import { type VmcoreSegments, seenVmcoreSegments } from './vmcore-segments.ts';

/** What a cell shows of its kernels, without a judgement. */
export interface Observation {
  readonly cpusOnline: Seen<number>;
  /** See `Evidence.damage`, made printable. */
  readonly damage: string | null;
  /** The class of each of the 256 pages below 1 MiB while the system kernel ran. */
  readonly pages: Seen<readonly PageClass[]>;
  /** The file that shows them. */
  readonly pagesIn: EvidenceFile;
  /** The system kernel that died before it could tell of its pages: they, and its trampoline, are out of its memory. */
  readonly died: DeadKernel | null;
  /** The stack of the CPU that panicked, or of the first, of the kernel that died or hung last: innermost first. */
  readonly deadStack: readonly string[];
  /** Where the trampoline is; see `seenTrampoline()`. */
  readonly trampoline: Seen<PhysAddr>;
  /** The file that shows it. */
  readonly trampolineIn: EvidenceFile;
  /** Whether `real_mode_header` is NULL. */
  readonly hasNoTrampoline: boolean;
  /** For each page below 1 MiB, why the firmware keeps it, or null; see `seenFirmwareMemory()`. */
  readonly firmwareMemory: Seen<readonly (string | null)[]>;
  /** What pages were filled with before the kernel came. */
  readonly tags: Seen<readonly PageTag[]>;
  /** Null where it was not saved. */
  readonly savedMemory: Seen<SavedMemory> | null;
  readonly iomem: Seen<IomemSummary>;
  /** See `findLostRam()`. */
  readonly lostRam: readonly PhysRange[];
  /** The line in which the system kernel says that it cannot reserve crashkernel, or null. */
  readonly crashkernelRefusal: string | null;
  /** What `memblock=debug` printed of low memory, or null if it was not asked for. */
  readonly memblockCalls: readonly MemblockLine[] | null;
  /** What the system kernel's log says of low memory, see `lowMemoryLines()`; unseen unless it is whole. */
  readonly lowMemoryLog: Seen<readonly string[]>;
  readonly crashedLog: Seen<CrashedLog>;
  /** See `seenNoVmcore`. */
  readonly noVmcore: string | null;
  /** The memory that `/proc/vmcore` has, by its program headers; null in a bundle that is older than this file. */
  readonly vmcoreSegments: Seen<VmcoreSegments> | null;
  /** Null where the cell did not read it in every way. */
  readonly vmcoreReads: Seen<VmcoreReads> | null;
  /** Null in a bundle that keeps no log of the capture kernel. */
  readonly captureLog: Seen<CaptureLog> | null;
  /** What the capture kernel's `/proc/iomem` calls System RAM. */
  readonly captureRam: Seen<readonly PhysRange[]>;
  /** How large the vmcore is, or why it is not whole; null where the cell left none. */
  readonly vmcore: VmcoreDigest['whole'] | null;
  /** The class of each of the 256 pages when the system kernel had crashed; null where the cell left no vmcore. */
  readonly pagesAtCrash: VmcoreDigest['lowPages'] | null;
  /** See `VmcoreDigest`; null without a vmcore. */
  readonly crashkernelFreed: VmcoreDigest['crashkernelFreed'] | null;
  /** See `findWritableCode()`; null without a vmcore. */
  readonly writableCode: VmcoreDigest['writableCode'] | null;
  /** Null in a cell that does not look at its memory. */
  readonly memory: Seen<MemoryTruth> | null;
}

/** What matters of the system kernel's `/proc/iomem`. */
interface IomemSummary {
  readonly systemRam: readonly PhysRange[];
  readonly crashkernel: readonly PhysRange[];
}

/** How far the crashed kernel's log reaches. */
interface CrashedLog {
  /** The line of the panic that the cell triggered, or null. */
  readonly panicLine: string | null;
  readonly lastLine: string;
}

const READS = 'capture/vmcore-reads';

/** Not the command line, which has `crashkernel=`. */
const REFUSAL = [/crashkernel[ :]/i, /fail|cannot|invalid|expected/i];
/** A line of a log as makedumpfile writes it, with its time stamp. */
const LOG_LINE = /^\[ *\d+\.\d+\]/;

/** What the evidence shows. What is missing or damaged is unseen, with the reason. */
export function observe(evidence: Evidence, vmcore: VmcoreDigest | undefined): Observation {
  const trampoline = seenTrampoline(evidence);
  const iomem = seenFrom(evidence.iomem, (entries) => ({ value: summarizeIomem(entries) }));
  const memory = iomem.value ?? { systemRam: [], crashkernel: [] };
  const crashed = crashedMemory(memory);
  const truth = seenMemoryTruth(evidence, vmcore, { ...memory, crashed });
  return {
    cpusOnline: evidence.parsed('system/cpus', countCpus),
    damage: evidence.damage && printableText(evidence.damage),
    ...observePages(evidence),
    deadStack: deadStack(evidence),
    trampoline,
    trampolineIn: trampolineFile(evidence),
    hasNoTrampoline: hasNoTrampoline(evidence),
    firmwareMemory: seenFirmwareMemory(evidence),
    tags: seenTags(evidence),
    savedMemory: seenSavedMemory(evidence, trampoline.value),
    iomem,
    lostRam: findLostRam(evidence),
    crashkernelRefusal: findLogLine(evidence.text('system/dmesg') ?? '', ...REFUSAL) ?? null,
    memblockCalls: findMemblockCalls(evidence),
    lowMemoryLog: evidence.parsed('system/dmesg', wholeLowMemoryLog),
    crashedLog: evidence.parsed('capture/crashed-dmesg', (log) =>
      summarizeCrashedLog(log, evidence.cell.panicLine),
    ),
    noVmcore: seenNoVmcore(evidence, truth?.value ?? null),
    vmcoreSegments: seenVmcoreSegments(evidence),
    ...observeVmcore(evidence, vmcore),
    captureLog: seenCaptureLog(evidence),
    captureRam: seenFrom(evidence.parsed('capture/iomem', parseIomem), (entries) => ({
      value: rangesOf(entries, 'System RAM'),
    })),
    memory: truth,
  };
}

/** The pages as the system kernel told them, or as its memory shows them if it died before. */
function observePages(evidence: Evidence): Pick<Observation, 'pages' | 'pagesIn' | 'died'> {
  const pages = evidence.read('system/kpageflags', readPageClasses);
  const died = pages.value === null ? evidence.deadSystem.value : null;
  return died
    ? { pages: died.lowPages, pagesIn: 'dead/kernel.json', died }
    : { pages, pagesIn: 'system/kpageflags', died };
}

function observeVmcore(
  evidence: Evidence,
  vmcore: VmcoreDigest | undefined,
): Pick<
  Observation,
  'vmcore' | 'pagesAtCrash' | 'crashkernelFreed' | 'writableCode' | 'vmcoreReads'
> {
  return {
    vmcore: vmcore?.whole ?? null,
    pagesAtCrash: vmcore?.lowPages ?? null,
    crashkernelFreed: vmcore?.crashkernelFreed ?? null,
    writableCode: vmcore?.writableCode ?? null,
    vmcoreReads: evidence.has(READS) ? evidence.parsed(READS, parseVmcoreReads) : null,
  };
}

/** Frames of a stack that are shown. */
const SHOWN_FRAMES = 16;

function deadStack({ dead: { value: dead }, cell }: Evidence): string[] {
  // A kernel that only gave a wrong answer was looked at wherever it was.
  if (cell.outcome.kind === 'surprise') return [];
  const cpu = dead?.panic?.cpu ?? 0;
  const stack = dead?.stacks.find((one) => one.cpu === cpu) ?? dead?.stacks[0];
  const frames = stack?.trace.value?.frames ?? [];
  return frames.slice(0, SHOWN_FRAMES).map(({ symbol }) => printableText(symbol));
}

function findMemblockCalls(evidence: Evidence): readonly MemblockLine[] | null {
  const log = evidence.text('system/dmesg') ?? '';
  const asked = findParameter(evidence.cmdline, 'memblock')?.value === 'debug';
  return asked && isWholeLog(log) ? parseMemblockLog(log) : null;
}

function wholeLowMemoryLog(log: string): string[] {
  if (isWholeLog(log)) return lowMemoryLines(log);
  throw new FormatError("Cannot read the log: expected the kernel's first line, it is lost");
}

function summarizeIomem(entries: readonly IomemEntry[]): IomemSummary {
  return {
    systemRam: rangesOf(entries, 'System RAM'),
    crashkernel: rangesOf(entries, 'Crash kernel'),
  };
}

/** Memory above 1 MiB that is the crashed kernel's after the jump. */
export function crashedMemory({ systemRam, crashkernel }: IomemSummary): RangeSet {
  return without(rangeSet(systemRam), [physRange(0, SZ_1M), ...crashkernel]);
}

function rangesOf(entries: readonly IomemEntry[], name: string): PhysRange[] {
  return entries.filter((entry) => entry.name === name).map(({ range }) => range);
}

function summarizeCrashedLog(log: string, panicLine: string | null): CrashedLog {
  const lastLine = findLogLine(log, LOG_LINE);
  if (lastLine === undefined) {
    throw new FormatError(
      'Cannot read the crashed kernel\'s log: expected lines "[ 0.1] …", found none',
    );
  }
  const found = panicLine === null ? undefined : findLogLine(log, panicLine);
  return { panicLine: found ?? null, lastLine };
}
