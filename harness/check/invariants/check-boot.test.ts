// SPDX-License-Identifier: MIT
import { describe } from 'vitest';
import { itFinds } from '../testing/invariant-cases.ts';
import { type BundleSpec, diedSaying, ended, overran } from '../testing/bundle-builder.ts';
import { reportText } from '../testing/personality-cases.ts';

const NO_TRAMPOLINE = 'Kernel panic - not syncing: Real mode trampoline was not allocated';
const NO_PAGE_TABLES = 'Kernel panic - not syncing: alloc_low_pages: can not alloc memory';
const BAD_PAGE = 'BUG: Bad page state in process swapper/0  pfn:3f644';
const LOST_RESERVATIONS = 'Kernel panic - not syncing: Attempted to kill init! exitcode=0x9';

/** A 6.12.117 with a layout in which no trampoline has room. */
function diedWithoutRoom(lastLine: string): BundleSpec {
  const asked = ['0x0-0xffff 7', '0x10000-0x1ffff 0', '0x20000-0x9ffff 7'];
  return {
    spec: { layout: 'low-ebda' },
    release: '6.12.117',
    outcome: ended('boot'),
    files: {
      ...diedSaying(`Linux version 6.12.117\n[ 0.3] ${lastLine}\n`),
      'personality.log': reportText({ asked, bda: '0x2000 0x0' }),
    },
  };
}

/** The same kernel where memblock's list has nowhere to grow. */
function diedOfLostReservations(line = LOST_RESERVATIONS): BundleSpec {
  const asked = ['0x0-0xffff 7', '0x10000-0x9efff 4', '0x9f000-0x9ffff 7'];
  const islands = Array.from({ length: 150 }, (_, index) => {
    const start = 0x2000_0000 + index * 0x4000;
    return `0x${start.toString(16)}-0x${(start + 0xfff).toString(16)} 4`;
  });
  const report = reportText({ asked, exit: [...asked, ...islands] });
  const died = diedWithoutRoom(line);
  return { ...died, files: { ...died.files, 'personality.log': report } };
}

describe('a promise about booting', () => {
  itFinds([
    {
      id: 'boot.userspace',
      when: 'the agent spoke',
      bundle: { outcome: overran('observe', 0) },
      outcome: 'kept',
      why: 'The agent spoke',
    },
    {
      id: 'boot.userspace',
      when: 'the kernel panicked at boot',
      bundle: { outcome: ended('boot') },
      outcome: 'broken',
      why: 'The machine ended in phase boot (guest-reset): [    5.972072] Kernel panic - not syncing: sysrq triggered crash; not predicted by the model of reserve-1m',
    },
    {
      id: 'boot.userspace',
      when: 'the kernel panicked at boot and there is nothing to predict from',
      bundle: { outcome: ended('boot'), files: diedSaying('Linux version 6.12\nX\n') },
      outcome: 'broken',
      why: 'The machine ended in phase boot (guest-reset): X',
    },
    {
      id: 'boot.userspace',
      when: 'the kernel panicked as predicted',
      bundle: diedWithoutRoom(NO_TRAMPOLINE),
      outcome: 'broken',
      why: `The machine ended in phase boot (guest-reset): [ 0.3] ${NO_TRAMPOLINE}; the model of reserve-1m-deferred predicts this: init_real_mode finds no place for the trampoline, a defect of this kernel's policy, not of the run`,
    },
    {
      id: 'boot.userspace',
      when: 'the kernel panicked as predicted, for want of reservations',
      bundle: diedOfLostReservations(),
      outcome: 'broken',
      why: `The machine ended in phase boot (guest-reset): [ 0.3] ${LOST_RESERVATIONS}; the model of reserve-1m-deferred predicts this: efi_free_boot_services frees ranges that memblock could not reserve, a defect of this kernel's policy, not of the run`,
    },
    {
      id: 'boot.userspace',
      when: 'the same kernel did not come so far: it had no memory for page tables either',
      bundle: diedOfLostReservations(NO_PAGE_TABLES),
      outcome: 'broken',
      why: `The machine ended in phase boot (guest-reset): [ 0.3] ${NO_PAGE_TABLES}; the model of reserve-1m-deferred predicts this: efi_free_boot_services frees ranges that memblock could not reserve, a defect of this kernel's policy, not of the run`,
    },
    {
      id: 'boot.userspace',
      when: 'the same kernel hung over a page that it freed twice',
      bundle: diedOfLostReservations(BAD_PAGE),
      outcome: 'broken',
      why: `The machine ended in phase boot (guest-reset): [ 0.3] ${BAD_PAGE}; the model of reserve-1m-deferred predicts this: efi_free_boot_services frees ranges that memblock could not reserve, a defect of this kernel's policy, not of the run`,
    },
    {
      id: 'boot.userspace',
      when: 'a kernel for which nothing is lost complains of such a page',
      bundle: diedWithoutRoom(BAD_PAGE),
      outcome: 'broken',
      why: `The machine ended in phase boot (guest-reset): [ 0.3] ${BAD_PAGE}; not predicted by the model of reserve-1m-deferred, which has "${NO_TRAMPOLINE}"`,
    },
    {
      id: 'boot.userspace',
      when: 'the kernel panicked otherwise than predicted',
      bundle: diedWithoutRoom('Kernel panic - not syncing: Out of memory'),
      outcome: 'broken',
      why: `The machine ended in phase boot (guest-reset): [ 0.3] Kernel panic - not syncing: Out of memory; not predicted by the model of reserve-1m-deferred, which has "${NO_TRAMPOLINE}"`,
    },
    {
      id: 'boot.userspace',
      when: 'the firmware was slow',
      bundle: { outcome: overran('firmware', 60_000), files: { 'console.log': 'UEFI' } },
      outcome: 'unseen',
      why: 'Phase firmware was not over after 60 s, the console was silent for the last 60 s',
    },
    {
      id: 'boot.sound',
      when: 'it ran on until it crashed',
      bundle: {},
      outcome: 'kept',
      why: 'It ran on until it was told to crash or to power off',
    },
    {
      id: 'boot.sound',
      when: 'it went on with corruption',
      bundle: { files: { 'system/dmesg': 'Linux version 6\nBUG: Bad page state\u001b[31m\n' } },
      outcome: 'broken',
      why: 'BUG: Bad page state',
    },
    {
      id: 'boot.sound',
      when: 'it oopsed after its log was taken',
      bundle: { files: { 'console.log': 'Linux version 6\nOops: 0000 [#1] SMP\n' } },
      outcome: 'broken',
      why: 'Oops: 0000 [#1] SMP',
    },
    {
      id: 'boot.sound',
      when: 'it oopsed in the crash, and only the vmcore has it',
      bundle: {
        spec: { crashkernel: '256M' },
        files: { 'capture/crashed-dmesg': '[    1.0] Oops: 0000 [#1] SMP\n' },
      },
      outcome: 'broken',
      why: '[    1.0] Oops: 0000 [#1] SMP',
    },
    {
      id: 'boot.sound',
      when: 'it died under the agent',
      bundle: { outcome: ended('observe') },
      outcome: 'broken',
      why: 'The machine ended in phase observe (guest-reset): [    5.972072] Kernel panic - not syncing: sysrq triggered crash',
    },
    {
      id: 'boot.sound',
      when: 'it was reset instead of powered off',
      bundle: { spec: { trigger: 'none' }, outcome: { kind: 'completed', cause: 'guest-reset' } },
      outcome: 'broken',
      why: 'It was to power off, and was reset',
    },
    {
      id: 'boot.sound',
      when: 'it did not boot',
      bundle: { outcome: ended('boot') },
      outcome: 'not-asked',
      why: 'It does not reach user space',
    },
    {
      id: 'boot.sound',
      when: 'the agent hangs',
      bundle: { outcome: overran('observe', 60_000) },
      outcome: 'unseen',
      why: 'Phase observe was not over after 60 s, the console was silent for the last 60 s',
    },
    {
      id: 'boot.all-cpus',
      when: 'they are online',
      bundle: {},
      outcome: 'kept',
      why: '2 of 2 CPUs are online',
    },
    {
      id: 'boot.all-cpus',
      when: 'one is not',
      bundle: { files: { 'system/cpus': '0\n' } },
      outcome: 'broken',
      why: '1 of 2 CPUs are online',
    },
    {
      id: 'boot.all-cpus',
      when: 'the list is cut',
      bundle: { files: { 'system/cpus': '0-' } },
      outcome: 'unseen',
      why: 'system/cpus: Cannot read a list of CPUs: expected something like 0-3,5, found "0-"',
    },
    {
      id: 'panic.reboots',
      when: 'the machine was reset',
      bundle: {},
      outcome: 'kept',
      why: 'The panic ended in a reset',
    },
    {
      id: 'panic.reboots',
      when: 'the cell does not crash',
      bundle: { spec: { trigger: 'none' } },
      outcome: 'not-asked',
      why: 'The cell does not crash',
    },
    {
      id: 'panic.reboots',
      when: 'it was switched off',
      bundle: { outcome: { kind: 'completed', cause: 'guest-shutdown' } },
      outcome: 'broken',
      why: 'The panic ended in guest-shutdown',
    },
    {
      id: 'panic.reboots',
      when: 'it hung',
      bundle: { outcome: overran('trigger', 59_000) },
      outcome: 'broken',
      why: 'Phase trigger was not over after 60 s, the console was silent for the last 59 s: [    5.972072] Kernel panic - not syncing: sysrq triggered crash',
    },
    {
      id: 'panic.reboots',
      when: 'the cell did not get there',
      bundle: { outcome: overran('observe', 0) },
      outcome: 'unseen',
      why: 'Phase observe was not over after 60 s, the console was silent for the last 0 s',
    },
  ]);
});
