// SPDX-License-Identifier: MIT
import type { CellSpec } from '../bundle/cell-record.ts';

/** From the first instruction on, so that a kernel that dies before its serial driver leaves a trace. */
const CONSOLE = ['console=ttyS0,115200', 'earlyprintk=serial,ttyS0,115200'];

/** A panic reboots at once, which ends the machine: nobody waits for a dead kernel. */
const REBOOT_ON_PANIC = 'panic=-1';

/**
 * On a busy host an emulated timer tick can come too late for `check_timer()`, which then panics
 * ("IO-APIC + timer doesn't work!"). Under KVM the kernel sets this by itself (`kvm_guest_init()`).
 */
const NO_TIMER_CHECK = 'no_timer_check';

/**
 * What distributions give a capture kernel; one CPU is enough and others may be in any state. By the last the agent
 * knows which kernel it is in; Linux leaves parameters of modules that are not there alone.
 */
const CAPTURE = ['nr_cpus=1', 'reset_devices', 'irqpoll', 'sub1m.capture'];

/** The system kernel's command line. */
export function systemCmdline({ crashkernel, append }: CellSpec): string {
  return [
    ...CONSOLE,
    REBOOT_ON_PANIC,
    NO_TIMER_CHECK,
    ...(crashkernel === null ? [] : [`crashkernel=${crashkernel}`]),
    ...(append === '' ? [] : [append]),
  ].join(' ');
}

/** The capture kernel's command line, to which the kernel or kexec adds `elfcorehdr=`; null when there is none. */
export function captureCmdline({ crashkernel }: CellSpec): string | null {
  return crashkernel === null
    ? null
    : [...CONSOLE, REBOOT_ON_PANIC, NO_TIMER_CHECK, ...CAPTURE].join(' ');
}
