// SPDX-License-Identifier: MIT
import type { PolicyId } from '../policy-id.ts';
import {
  LOCKS,
  type Telling,
  doesNotCallLock,
  has,
  isV5_13,
  reservesAlways,
  saysLocked,
} from './kernel-traits.ts';
import type { ModelInputs } from './model-inputs.ts';
import {
  BACKUP_REGION,
  type PolicySteps,
  RESERVE_1M,
  RESERVE_1M_WHOLE,
  TWO_PHASE,
  TWO_PHASE_V2,
  lockSteps,
} from './policy-steps.ts';
import { efiReserveBootServices, efiReserveBootServicesKeepingLow } from './quirks.ts';
import { hasLowPool } from './two-phase.ts';

const always = (): boolean => true;
const never = (): boolean => false;

/** A rule by which kernels decide who owns low memory, and all that is particular to it. */
interface Policy {
  /** Which kernels it describes. */
  readonly kernels: string;
  /** How such a kernel is recognized by what it has. Policies are tried newest first; the first match decides. */
  readonly toldBy: readonly Telling[];
  /**
   * The releases that follow it, as conditions on a kernel's version, tried in the same order. Only
   * for kernels that died, of which nothing else is known: distributions backport.
   */
  readonly releases: readonly string[];
  /** One of them, which stands for all where no kernel is given. */
  readonly typicalRelease: string;
  /** Whether it promises to give back what nobody claims (`lowmem.released`). */
  readonly promisesRelease: (inputs: Pick<ModelInputs, 'cmdline'>) => boolean;
  /** Whether kdump copies low memory away, so that `kexec_file_load` has it in the dump. */
  readonly backsUpLowMemory: boolean;
  /** Whether a kernel that captures reserves low memory, too: it has no crashkernel= on its command line. */
  readonly keepsFromCapture: boolean;
  /** What they do to low memory up to each moment, in their order. */
  readonly steps: PolicySteps;
}

/** The rules by which kernels decide who owns low memory. */
export const POLICIES: Readonly<Record<PolicyId, Policy>> = {
  'backup-region': {
    kernels: 'up to v5.4 and 5.4.68: low memory is like any other; kdump copies it away',
    toldBy: [
      {
        when: (traits) => has(traits, 'parse_reservelow'),
        how: 'it has reservelow= but not crash_reserve_low_1M',
      },
    ],
    releases: ['..5.4.68'],
    typicalRelease: '5.4.68',
    promisesRelease: never,
    backsUpLowMemory: true,
    keepsFromCapture: false,
    steps: BACKUP_REGION,
  },
  'lock-on-crashkernel': {
    kernels: 'v5.5 to v5.12, 5.4.69 and later 5.4, all 5.10: locked with crashkernel=, else free',
    toldBy: [
      { when: saysLocked, how: `its log says "${LOCKS}"` },
      {
        when: (traits) => has(traits, 'crash_reserve_low_1M'),
        how: 'it has crash_reserve_low_1M',
      },
    ],
    // 6f599d84231f ("x86/kdump: Always reserve the low 1M …"), in v5.5, was backported to 5.4.69.
    releases: ['5.4.69..5.12'],
    typicalRelease: '5.10.262',
    promisesRelease: never,
    backsUpLowMemory: false,
    keepsFromCapture: false,
    steps: lockSteps(efiReserveBootServices),
  },
  'keep-on-crashkernel': {
    kernels:
      'the patch of 2021-04-07: as lock-on-crashkernel, and boot services are kept with crashkernel=',
    // Only kernels built with the patch have it, and nothing in them shows it.
    toldBy: [],
    releases: [],
    typicalRelease: '5.10.262',
    promisesRelease: never,
    backsUpLowMemory: false,
    keepsFromCapture: false,
    steps: lockSteps(efiReserveBootServicesKeepingLow),
  },
  'reserve-1m': {
    kernels: 'from v5.13: everything below 1 MiB is reserved for ever',
    toldBy: [
      {
        when: doesNotCallLock,
        how: 'it has crash_reserve_low_1M, but its log does not say that this was called',
      },
      {
        when: isV5_13,
        how: 'it has crash_reserve_low_1M, but by its version (5.13) does not call it',
      },
      {
        when: (traits) => has(traits, 'reserve_real_mode') && reservesAlways(traits),
        how: 'it has neither crash_reserve_low_1M nor reservelow=',
      },
    ],
    // f1d4d47c5851 ("x86/setup: Always reserve the first 1M of RAM") was not backported.
    releases: ['5.13..'],
    typicalRelease: '6.1.166',
    promisesRelease: never,
    backsUpLowMemory: false,
    keepsFromCapture: true,
    steps: RESERVE_1M,
  },
  'reserve-1m-deferred': {
    kernels:
      'the rework of 2026 (7.0, 6.12.77, 6.1.167): the same owners; boot services above 1 MiB are freed later',
    toldBy: [
      {
        when: (traits) => has(traits, 'efi_unmap_boot_services') && reservesAlways(traits),
        how: 'it has efi_unmap_boot_services, and neither crash_reserve_low_1M nor reservelow=',
      },
    ],
    // Linux kernel commit a4b0bf6a40f3 ("x86/efi: defer freeing of boot services memory") and its backports.
    releases: ['7.0..', '6.12.77..6.12', '6.1.167..6.1'],
    typicalRelease: '6.12.117',
    promisesRelease: never,
    backsUpLowMemory: false,
    keepsFromCapture: true,
    steps: RESERVE_1M,
  },
  'reserve-1m-whole': {
    kernels: 'reserve-1m without its holes: a kernel with the fixes of images/patches/fixes',
    // Nothing in a kernel shows them.
    toldBy: [],
    releases: [],
    typicalRelease: '6.12.117',
    promisesRelease: never,
    backsUpLowMemory: false,
    keepsFromCapture: true,
    steps: RESERVE_1M_WHOLE,
  },
  'two-phase': {
    kernels: 'the proposal of 2021-04-12: a pool, claimed once',
    // The last patch of the series brings it: before that memory below 1 MiB is kept.
    toldBy: [{ when: (traits) => has(traits, 'low_pool_setup'), how: 'it has low_pool=' }],
    releases: [],
    typicalRelease: '6.12.117',
    promisesRelease: always,
    backsUpLowMemory: false,
    keepsFromCapture: false,
    steps: TWO_PHASE,
  },
  'two-phase-v2': {
    kernels: 'the second version of the proposal: what nobody claims is freed if asked to',
    toldBy: [{ when: (traits) => has(traits, 'low_pool_hold'), how: 'it has low_pool_hold' }],
    releases: [],
    typicalRelease: '6.12.117',
    promisesRelease: (inputs) => hasLowPool(inputs, 'release'),
    backsUpLowMemory: false,
    keepsFromCapture: false,
    steps: TWO_PHASE_V2,
  },
};
