// SPDX-License-Identifier: MIT
import { ALL_LOW_PAGES, lowPages, pageRange, rangesOfPages } from '../memory/page-map.ts';
import { PAGE_SIZE, type Pfn, SZ_1M, pfn } from '../memory/pfn.ts';
import { physRange, rangeSize } from '../memory/phys-range.ts';
import { type RangeSet, hasAnyOf } from '../memory/range-set.ts';
import type { PolicyId } from '../policy-id.ts';
import { ramOf } from './low-memory.ts';
import { type ModelInputs, asksForCrashkernel } from './model-inputs.ts';
import type { Owner } from './owners.ts';
import { POLICIES } from './policies.ts';
import type { Prediction } from './prediction.ts';
import { biosStart } from './setup.ts';

/** What breaks a promise: a sentence, and the pages. */
export interface Breach {
  readonly why: string;
  readonly pages: readonly Pfn[];
}

/** A promise that a prediction alone decides. */
interface ModelPromise {
  /** Whether a policy makes it, on a machine like that. */
  readonly isAsked: (inputs: ModelInputs, policy: PolicyId) => boolean;
  /** Null if it is kept. */
  readonly findBreach: (prediction: Prediction, inputs: ModelInputs) => Breach | null;
}

const always = (): boolean => true;

/** Whether there are pages of RAM for the trampoline that no kernel keeps from it: beyond 64 KiB, up to the EBDA. */
function hasPlace({ e820, biosWords, trampolineSize }: ModelInputs): boolean {
  const pages = Math.ceil(trampolineSize / PAGE_SIZE);
  const ram = ramOf(e820);
  const bios = physRange(biosStart(biosWords), SZ_1M);
  const free = ALL_LOW_PAGES.filter(
    (page) => page >= 0x10 && isIn(ram, page) && !isIn([bios], page),
  );
  return [...rangesOfPages(free)].some((range) => rangeSize(range) >= pages * PAGE_SIZE);
}

/** Who keeps a page from the page allocator although nobody uses it. */
const IDLE: readonly Owner[] = ['lock', 'reserved', 'pool', 'boot-services'];

/** The invariants (`harness/check/invariants/`) that a prediction alone decides, by their names. */
const MODEL_PROMISES = {
  'boot.userspace': {
    isAsked: hasPlace,
    findBreach: ({ panic }) =>
      panic ? { why: `there is a place for the trampoline, and "${panic.line}"`, pages: [] } : null,
  },
  'lowmem.single-owner': {
    isAsked: always,
    findBreach: ({ trampoline, pages: fates }) =>
      breach(
        'the trampoline lies there, and it is not its own',
        trampoline ? lowPages(trampoline) : [],
        (page) => fates[page]?.owner !== 'trampoline',
      ),
  },
  'lowmem.firmware-kept': {
    isAsked: always,
    findBreach: ({ pages: fates }, { e820 }) => {
      const ram = ramOf(e820);
      const firmware = ALL_LOW_PAGES.filter((page) => !isIn(ram, page));
      return breach("free, and the firmware's", firmware, (page) => isFree(fates, page));
    },
  },
  'lowmem.page0-kept': {
    isAsked: always,
    findBreach: ({ pages: fates }) => breach('free', [pfn(0)], (page) => isFree(fates, page)),
  },
  'lowmem.trampoline': {
    isAsked: always,
    findBreach: ({ trampoline, panic }, { e820 }) => {
      if (!trampoline) return panic ? null : { why: 'it has no place', pages: [] };
      const ram = ramOf(e820);
      const why = 'the trampoline lies there, and it was not available';
      return breach(why, lowPages(trampoline), (page) => page === 0 || !isIn(ram, page));
    },
  },
  'lowmem.locked': {
    isAsked: asksForCrashkernel,
    findBreach: ({ pages: fates }) =>
      breach('free in spite of crashkernel=', ALL_LOW_PAGES, (page) => isFree(fates, page)),
  },
  'lowmem.released': {
    isAsked: (inputs, policy) =>
      POLICIES[policy].promisesRelease(inputs) && !asksForCrashkernel(inputs),
    findBreach: ({ pages: fates }) =>
      breach('reserved, and nobody claims it', ALL_LOW_PAGES, (page) =>
        IDLE.includes(fates[page]?.owner ?? 'firmware'),
      ),
  },
} as const satisfies Record<string, ModelPromise>;

/** The name of a promise that a prediction decides. */
export type ModelPromiseId = keyof typeof MODEL_PROMISES;

/** The names of all. */
export const MODEL_PROMISE_IDS = Object.keys(MODEL_PROMISES) as ModelPromiseId[];

/** All that is known of one. */
export function modelPromise(id: ModelPromiseId): ModelPromise {
  return MODEL_PROMISES[id];
}

function breach(
  why: string,
  pages: readonly Pfn[],
  isBroken: (page: Pfn) => boolean,
): Breach | null {
  const broken = pages.filter(isBroken);
  return broken.length === 0 ? null : { why, pages: broken };
}

function isFree(fates: Prediction['pages'], page: Pfn): boolean {
  return fates[page]?.owner === 'free';
}

function isIn(ranges: RangeSet, page: Pfn): boolean {
  return hasAnyOf(ranges, pageRange(page));
}
