// SPDX-License-Identifier: MIT
import { checkAtCrash } from './check-at-crash.ts';
import { checkAllCpus, checkPanicReboots, checkSound, checkUserspace } from './check-boot.ts';
import { checkCaptureLog } from './check-capture-log.ts';
import { checkConfined, checkVmcoreBytes } from './check-crashed-memory.ts';
import { checkCaptured, checkDmesg, checkReserved } from './check-kdump.ts';
import {
  checkLocked,
  checkMatchesModel,
  checkPage0Kept,
  checkReleased,
  checkTrampoline,
} from './check-lowmem.ts';
import { checkFirmwareKept, checkSingleOwner } from './check-ownership.ts';
import { checkUntouched } from './check-untouched.ts';
import { checkUndisturbed } from './check-undisturbed.ts';
import { checkVmcoreRanges } from './check-vmcore-ranges.ts';
import { checkVmcoreReads } from './check-vmcore-reads.ts';
import type { CellSpec, Phase } from '../../bundle/cell-record.ts';
import { DEFAULT_CRASHKERNEL } from '../../memory/crashkernel.ts';
import type { Check } from './finding.ts';

/** A named promise of a kernel, and all that is known of it. Nothing else lists invariants. */
interface Invariant {
  /** Completes "The kernel promises:". */
  readonly promise: string;
  readonly check: Check;
  /** The phase by whose end it is fully seen; a cell that its kernel ends earlier may not show it. */
  readonly shownIn: Phase;
  /** Whether breaking it can end the cell, with a verdict that rests on the invariants alone. */
  readonly endsCell: boolean;
  /** The verdict on a kernel that breaks it, if that is not `mismatch`. */
  readonly ownVerdict: 'boot-failure' | 'no-vmcore' | null;
  /** The cheapest cell that shows it, over the defaults of `check`. */
  readonly cheapestCell: Partial<Omit<CellSpec, 'kernel'>>;
  /** Whether a match that has not seen it would say nothing; others may be hidden by the kernel's configuration. */
  readonly isCore?: boolean;
  /** Whether it compares a dump with the truth: reports of few cells show it even if it is kept. */
  readonly isProof: boolean;
}

/** For what shows without a crash: the cell takes half the time. */
const LOOK = { trigger: 'none' } as const;
const DUMP = { crashkernel: DEFAULT_CRASHKERNEL } as const;
const LOCKED = { ...LOOK, ...DUMP } as const;

/** All promises, in the order of a cell's life. */
export const INVARIANTS = {
  'boot.userspace': {
    promise: 'it reaches user space',
    check: checkUserspace,
    shownIn: 'boot',
    endsCell: false,
    ownVerdict: 'boot-failure',
    cheapestCell: LOOK,
    isProof: false,
  },
  'boot.sound': {
    promise:
      'it runs without an oops, a BUG or corruption until it is told to crash or to power off',
    check: checkSound,
    shownIn: 'trigger',
    endsCell: true,
    ownVerdict: null,
    cheapestCell: LOOK,
    isProof: false,
  },
  'boot.all-cpus': {
    promise: 'it comes up with every CPU it was given',
    check: checkAllCpus,
    shownIn: 'observe',
    endsCell: false,
    ownVerdict: null,
    cheapestCell: { ...LOOK, cpus: 2 },
    isProof: false,
  },
  'lowmem.matches-model': {
    promise: 'every page below 1 MiB has the owner that the model predicts for its policy',
    check: checkMatchesModel,
    shownIn: 'observe',
    endsCell: false,
    ownVerdict: null,
    cheapestCell: LOOK,
    isCore: true,
    isProof: false,
  },
  'lowmem.single-owner': {
    promise: 'no page is free and owned at once',
    check: checkSingleOwner,
    shownIn: 'observe',
    endsCell: false,
    ownVerdict: null,
    cheapestCell: LOOK,
    isProof: false,
  },
  'lowmem.firmware-kept': {
    promise:
      'no page of runtime services, ACPI or reserved firmware memory is ever free or written',
    check: checkFirmwareKept,
    shownIn: 'trigger',
    endsCell: false,
    ownVerdict: null,
    cheapestCell: {},
    isProof: false,
  },
  'lowmem.page0-kept': {
    promise: 'page 0 is never free',
    check: checkPage0Kept,
    shownIn: 'observe',
    endsCell: false,
    ownVerdict: null,
    cheapestCell: LOOK,
    isProof: false,
  },
  'lowmem.trampoline': {
    promise:
      'the trampoline lies below 1 MiB, page-aligned, on pages that were available, and holds the trampoline, which nobody can both write to and execute',
    check: checkTrampoline,
    shownIn: 'trigger',
    endsCell: false,
    ownVerdict: null,
    cheapestCell: LOOK,
    isProof: false,
  },
  'lowmem.locked': {
    promise: 'with crashkernel, no page below 1 MiB is usable by the system kernel',
    check: checkLocked,
    shownIn: 'observe',
    endsCell: false,
    ownVerdict: null,
    cheapestCell: LOCKED,
    isProof: false,
  },
  'lowmem.released': {
    promise: 'without a claimant, no available page below 1 MiB stays reserved',
    check: checkReleased,
    shownIn: 'observe',
    endsCell: false,
    ownVerdict: null,
    // No other policy promises it: every kernel is held to this one, whatever its own is.
    cheapestCell: { ...LOOK, policy: 'two-phase' },
    isProof: false,
  },
  'lowmem.untouched': {
    promise: 'locked pages have at the kexec jump the bytes they had at ExitBootServices',
    check: checkUntouched,
    shownIn: 'trigger',
    endsCell: false,
    ownVerdict: null,
    cheapestCell: DUMP,
    isProof: false,
  },
  'lowmem.at-crash': {
    promise: 'every page below 1 MiB still has that owner when the kernel has crashed',
    check: checkAtCrash,
    shownIn: 'dump',
    endsCell: false,
    ownVerdict: null,
    cheapestCell: {},
    isProof: false,
  },
  'kdump.reserved': {
    promise: 'crashkernel is reserved, exactly as large as asked, and nobody gets a page of it',
    check: checkReserved,
    // The reservation is seen before, but what breaks it ends the cell here: the load is refused.
    shownIn: 'load',
    endsCell: true,
    ownVerdict: null,
    cheapestCell: LOCKED,
    isProof: false,
  },
  'kdump.undisturbed': {
    promise: 'from the load to the kexec jump nobody writes to the crashkernel memory',
    check: checkUndisturbed,
    shownIn: 'trigger',
    endsCell: false,
    ownVerdict: null,
    cheapestCell: DUMP,
    isProof: false,
  },
  'kdump.captured': {
    promise: 'after a panic the capture kernel comes up and a whole vmcore is read',
    check: checkCaptured,
    shownIn: 'capture',
    endsCell: true,
    ownVerdict: 'no-vmcore',
    cheapestCell: DUMP,
    isProof: false,
  },
  'kdump.capture-log': {
    promise:
      'the capture kernel comes up whole: its log has no failed allocation, no empty zone, and no warning that the system kernel does not give',
    check: checkCaptureLog,
    shownIn: 'capture',
    endsCell: false,
    ownVerdict: null,
    cheapestCell: { ...DUMP, vmcore: 'none' },
    isProof: false,
  },
  'kdump.vmcore-ranges': {
    promise: 'the vmcore has exactly the segments that the model predicts',
    check: checkVmcoreRanges,
    shownIn: 'capture',
    endsCell: false,
    ownVerdict: null,
    cheapestCell: DUMP,
    isProof: true,
  },
  'kdump.vmcore-bytes': {
    promise: 'every page of the vmcore equals guest memory at the kexec jump, but for named pages',
    check: checkVmcoreBytes,
    shownIn: 'dump',
    endsCell: false,
    ownVerdict: null,
    cheapestCell: DUMP,
    isProof: true,
  },
  'kdump.vmcore-reads': {
    promise:
      'the vmcore reads the same by read(), pread() and mmap(), at any offset and in any size',
    check: checkVmcoreReads,
    shownIn: 'dump',
    endsCell: false,
    ownVerdict: null,
    cheapestCell: DUMP,
    isProof: true,
  },
  'kdump.confined': {
    promise: 'the capture kernel writes only to memory that it was given',
    check: checkConfined,
    shownIn: 'off',
    endsCell: false,
    ownVerdict: null,
    cheapestCell: DUMP,
    isProof: true,
  },
  'kdump.dmesg': {
    promise: "the crashed kernel's log is in the vmcore, down to the panic line",
    check: checkDmesg,
    shownIn: 'capture',
    endsCell: false,
    ownVerdict: null,
    cheapestCell: DUMP,
    isProof: false,
  },
  'panic.reboots': {
    promise: 'without crashkernel the panic ends in the reboot that panic= asks for',
    check: checkPanicReboots,
    shownIn: 'trigger',
    endsCell: true,
    ownVerdict: null,
    cheapestCell: {},
    isProof: false,
  },
} as const satisfies Record<string, Invariant>;

/** The name of an invariant. */
export type InvariantId = keyof typeof INVARIANTS;

/** The names of all, in the table's order. */
export const INVARIANT_IDS = Object.keys(INVARIANTS) as InvariantId[];

/** All that is known of an invariant. */
export function invariantOf(id: InvariantId): Invariant {
  return INVARIANTS[id];
}

/** Whether that is the name of one. */
export function isInvariantId(id: string): id is InvariantId {
  return Object.hasOwn(INVARIANTS, id);
}
