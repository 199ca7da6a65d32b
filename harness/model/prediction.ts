// SPDX-License-Identifier: MIT
import { withMemmap } from '../memory/memmap-parameter.ts';
import { ALL_LOW_PAGES, rangesOfPages } from '../memory/page-map.ts';
import type { Pfn } from '../memory/pfn.ts';
import { type PhysRange, physRange, rangeSize } from '../memory/phys-range.ts';
import { rangeSet, without } from '../memory/range-set.ts';
import { type CrashkernelFit, crashkernelFit } from './crashkernel-fit.ts';
import { detailsOfRelease } from './kernel-details.ts';
import {
  type LowMemory,
  type MemblockCall,
  type PageFate,
  initialLowMemory,
} from './low-memory.ts';
import type { ModelInputs } from './model-inputs.ts';
import type { Owner } from './owners.ts';
import type { PolicyId } from '../policy-id.ts';
import { POLICIES } from './policies.ts';
import { MOMENTS, type Moment } from './moments.ts';
import { e820MemblockSetup } from './setup.ts';
import type { Step, StepInputs } from './step.ts';
import { type Doubt, type Outcome, combine } from './undecided.ts';

/** What a kernel that follows a policy makes of the memory below 1 MiB. */
export interface Prediction {
  readonly policy: PolicyId;
  /** The owner of each of the 256 pages at the kexec jump, and how it came to it. */
  readonly pages: readonly PageFate[];
  /** The owners at each moment that matters. */
  readonly moments: Readonly<Record<Moment, readonly Owner[]>>;
  /** Where the trampoline lies, or null if it finds no place. */
  readonly trampoline: PhysRange | null;
  /** The kernel function that stops the kernel, and what it prints; null if it boots. */
  readonly panic: LowMemory['panic'];
  /** What the inputs do not decide; null if they decide all. */
  readonly doubt: Doubt | null;
  /** What the kernel prints of all this, in order; some of it only with `memblock=debug`. */
  readonly logLines: readonly string[];
  /** What `memblock=debug` prints of ranges that begin below 1 MiB, in order. */
  readonly memblockCalls: readonly MemblockCall[];
  /** Whether crashkernel can be met, or null if none is asked for. */
  readonly crashkernel: CrashkernelFit | null;
  /** RAM below 1 MiB that the capture kernel is given: what `/proc/iomem` calls System RAM. */
  readonly captureLowRam: readonly PhysRange[];
  /** Whether the capture kernel's zone DMA, which is that RAM, must have pages for the page allocator. */
  readonly captureZoneDma: boolean;
  /** The segments below 1 MiB that the vmcore has, by the syscall that loads the capture kernel. */
  readonly vmcoreLow: Readonly<Record<'kexec_file_load' | 'kexec_load', readonly PhysRange[]>>;
}

/**
 * Predicts the owner of every page below 1 MiB, and what follows from it. A form of `memmap=` that
 * is not known here (`withMemmap()`) has no effect.
 */
export function predict(given: ModelInputs, policy: PolicyId): Prediction {
  const { typicalRelease, backsUpLowMemory, keepsFromCapture } = POLICIES[policy];
  const inputs: StepInputs = {
    ...given,
    e820: withMemmap(given.e820, given.cmdline) ?? given.e820,
    kernel: given.kernel ?? detailsOfRelease(typicalRelease),
  };
  const early = earlySteps(policy);
  const start = early.before.reduce((state, step) => step(state, inputs), initialState(inputs));
  const run = (hidden: number): Run =>
    runSteps({ ...start, hidden }, inputs, { ...POLICIES[policy].steps, early: early.after });
  const { fewestLeft, ...sure } = run(0);
  const isSure = inputs.reservedAbove1M !== null || fewestLeft >= HIDDEN_LIMIT;
  const others = isSure ? [] : HIDDEN.map(run);
  const { pages, moments, trampoline, panic, logLines, memblockCalls, doubt } = combine(
    sure,
    others,
  );
  const lowRam = systemRam(pages);
  return {
    policy,
    pages,
    moments,
    trampoline,
    panic,
    doubt,
    logLines,
    memblockCalls,
    crashkernel: crashkernelFit(inputs),
    captureLowRam: lowRam,
    captureZoneDma: !keepsFromCapture && lowRamToUse(lowRam) > CAPTURE_LOW_USE,
    vmcoreLow: {
      // `crash_prepare_elf64_headers()`; the first 1 MiB is left out from v5.5, and was backed up before.
      kexec_file_load: backsUpLowMemory ? lowRam : [],
      // kexec-tools takes all System RAM; purgatory copies the first range below 640 KiB away.
      kexec_load: lowRam,
    },
  };
}

/**
 * What a kernel may have reserved above 1 MiB, at most, besides what is known: `.brk`, setup_data, the TPM's log, the
 * table of memory attributes, soft-reserved memory. On OVMF it is some 5.
 */
const HIDDEN_LIMIT = 24;
const HIDDEN = Array.from({ length: HIDDEN_LIMIT }, (_, index) => index + 1);

type Run = Outcome & { readonly fewestLeft: number };

/** Until memblock has RAM its list cannot grow: what happens is the same, whatever is reserved besides. */
function earlySteps(policy: PolicyId): {
  readonly before: readonly Step[];
  readonly after: readonly Step[];
} {
  const { early } = POLICIES[policy].steps;
  const at = early.indexOf(e820MemblockSetup);
  return { before: early.slice(0, at), after: early.slice(at) };
}

function initialState({ e820, kernel: { marksKern } }: StepInputs): LowMemory {
  return { ...initialLowMemory(e820), marksKern };
}

function runSteps(
  start: LowMemory,
  inputs: StepInputs,
  steps: Readonly<Record<Moment, readonly Step[]>>,
): Run {
  let memory = start;
  const moments: Partial<Record<Moment, readonly Owner[]>> = {};
  for (const moment of Object.keys(MOMENTS) as Moment[]) {
    memory = steps[moment].reduce((state, step) => step(state, inputs), memory);
    moments[moment] = memory.pages.map(({ owner }) => owner);
  }
  return { ...memory, moments: moments as Outcome['moments'] };
}

/** What a capture kernel itself may take of it, at most: the trampoline, and a margin. */
const CAPTURE_LOW_USE = 64 * 1024;

/** What is left of RAM below 1 MiB without the first 64 KiB, which kernels reserve, in bytes. */
function lowRamToUse(lowRam: readonly PhysRange[]): number {
  return without(rangeSet(lowRam), [physRange(0, 64 * 1024)]).reduce(
    (sum, range) => sum + rangeSize(range),
    0,
  );
}

/** Below 1 MiB memblock's reservations do not show in `/proc/iomem`: all RAM does. */
function systemRam(pages: readonly PageFate[]): PhysRange[] {
  const isRam = (page: Pfn): boolean =>
    !['firmware', 'page0'].includes(pages[page]?.owner ?? 'firmware');
  return [...rangesOfPages(ALL_LOW_PAGES.filter(isRam))];
}
