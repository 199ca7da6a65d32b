// SPDX-License-Identifier: MIT
import { checkAtCrash } from './check-at-crash.ts';
import { checkAllCpus, checkPanicReboots, checkUserspace } from './check-boot.ts';
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
import type { Check } from './finding.ts';

/** A named promise of a kernel, and how it is judged. */
interface Invariant {
  /** Completes "The kernel promises:". */
  readonly promise: string;
  readonly check: Check;
}

/** All promises, in the order of a cell's life. */
export const INVARIANTS = {
  'boot.userspace': { promise: 'it reaches user space', check: checkUserspace },
  'boot.all-cpus': { promise: 'it comes up with every CPU it was given', check: checkAllCpus },
  'lowmem.matches-model': {
    promise: 'every page below 1 MiB has the owner that the model predicts for its policy',
    check: checkMatchesModel,
  },
  'lowmem.single-owner': {
    promise: 'no page is free and owned at once',
    check: checkSingleOwner,
  },
  'lowmem.firmware-kept': {
    promise:
      'no page of runtime services, ACPI or reserved firmware memory is ever free or written',
    check: checkFirmwareKept,
  },
  'lowmem.page0-kept': { promise: 'page 0 is never free', check: checkPage0Kept },
  'lowmem.trampoline': {
    promise:
      'the trampoline lies below 1 MiB, page-aligned, on pages that were available, and holds the trampoline',
    check: checkTrampoline,
  },
  'lowmem.locked': {
    promise: 'with crashkernel, no page below 1 MiB is usable by the system kernel',
    check: checkLocked,
  },
  'lowmem.released': {
    promise: 'without a claimant, no available page below 1 MiB stays reserved',
    check: checkReleased,
  },
  'lowmem.untouched': {
    promise: 'locked pages have at the kexec jump the bytes they had at ExitBootServices',
    check: checkUntouched,
  },
  'lowmem.at-crash': {
    promise: 'every page below 1 MiB still has that owner when the kernel has crashed',
    check: checkAtCrash,
  },
  'kdump.reserved': { promise: 'crashkernel is reserved as large as asked', check: checkReserved },
  'kdump.undisturbed': {
    promise: 'from the load to the kexec jump nobody writes to the crashkernel memory',
    check: checkUndisturbed,
  },
  'kdump.captured': {
    promise: 'after a panic the capture kernel comes up and a whole vmcore is read',
    check: checkCaptured,
  },
  'kdump.vmcore-ranges': {
    promise: 'the vmcore has exactly the segments that the model predicts',
    check: checkVmcoreRanges,
  },
  'kdump.vmcore-bytes': {
    promise: 'every page of the vmcore equals guest memory at the kexec jump, but for named pages',
    check: checkVmcoreBytes,
  },
  'kdump.confined': {
    promise: 'the capture kernel writes only to memory that it was given',
    check: checkConfined,
  },
  'kdump.dmesg': {
    promise: "the crashed kernel's log is in the vmcore, down to the panic line",
    check: checkDmesg,
  },
  'panic.reboots': {
    promise: 'without crashkernel the panic ends in the reboot that panic= asks for',
    check: checkPanicReboots,
  },
} as const satisfies Record<string, Invariant>;

/** The name of an invariant. */
export type InvariantId = keyof typeof INVARIANTS;
