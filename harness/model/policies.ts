// SPDX-License-Identifier: MIT
import {
  efiBgrtInit,
  efiBgrtInitKeepingCopy,
  efiEsrtInit,
  efiInit,
  efiMokvarTableInit,
} from './efi-memmap.ts';
import { memblockDiscard } from './memblock.ts';
import {
  efiFreeBootServices,
  efiFreeBootServicesAbove1M,
  efiFreeBootServicesAlways,
  efiFreeBootServicesThatWereLost,
  efiReserveBootServices,
  efiReserveBootServicesKeepingLow,
} from './quirks.ts';
import { crashReserveLow1M, initRealMode, reserveFirst1M, reserveRealMode } from './realmode.ts';
import {
  earlyReserveMemory,
  parseEarlyParam,
  reserveBiosRegions,
  reserveEarlyRanges,
  reserveFirstPage,
  trimBiosRange,
  trimLowMemoryRange,
  trimSnbMemory,
} from './setup.ts';
import type { Step } from './step.ts';
import { claimPool, fillPool, poolBootServices, releasePool } from './two-phase.ts';

/** The moments at which it matters who owns a page, in order. */
export const MOMENTS = {
  early: 'after early reservation (setup_arch)',
  'hand-over': 'at the hand-over to the page allocator (memblock_free_all)',
  'boot-services-over': 'after boot services are over (efi_enter_virtual_mode)',
  claimed: 'after claims (init_real_mode)',
  'kexec-jump': 'at the kexec jump',
} as const;

/** See `MOMENTS`. */
export type Moment = keyof typeof MOMENTS;

interface Policy {
  /** Which kernels it describes. */
  readonly kernels: string;
  /** What they do to low memory up to each moment, in their order. */
  readonly steps: Readonly<Record<Moment, readonly Step[]>>;
}

/** What happens before the EFI map is looked at, up to v5.12 and from v5.13. */
const OLD_SETUP: readonly Step[] = [
  reserveFirstPage,
  reserveEarlyRanges,
  parseEarlyParam,
  efiInit,
  trimBiosRange,
  reserveBiosRegions,
];
const NEW_SETUP: readonly Step[] = [
  earlyReserveMemory,
  reserveEarlyRanges,
  reserveBiosRegions,
  parseEarlyParam,
  efiInit,
  trimBiosRange,
];
const TABLES: readonly Step[] = [efiEsrtInit, efiMokvarTableInit];

/** With a lock, the kernels differ in what they reserve of boot services alone. */
const lockSteps = (reserveBootServices: Step): Policy['steps'] => ({
  early: [
    ...OLD_SETUP,
    ...TABLES,
    reserveBootServices,
    reserveRealMode,
    crashReserveLow1M,
    trimSnbMemory,
    trimLowMemoryRange,
  ],
  'hand-over': [efiBgrtInit],
  'boot-services-over': [efiFreeBootServices],
  claimed: [initRealMode],
  'kexec-jump': [memblockDiscard],
});

/** The rework of 2026 frees what lies above 1 MiB later: below it nothing changed. */
const RESERVE_1M: Policy['steps'] = {
  early: [...NEW_SETUP, ...TABLES, efiReserveBootServices, reserveRealMode, reserveFirst1M],
  'hand-over': [efiBgrtInit],
  'boot-services-over': [efiFreeBootServicesAbove1M],
  claimed: [initRealMode],
  'kexec-jump': [memblockDiscard],
};

/** The rules by which kernels decide who owns low memory. */
export const POLICIES = {
  'backup-region': {
    kernels: 'up to v5.4 and 5.4.68: low memory is like any other; kdump copies it away',
    steps: {
      early: [
        ...OLD_SETUP,
        efiEsrtInit,
        efiReserveBootServices,
        reserveRealMode,
        trimSnbMemory,
        trimLowMemoryRange,
      ],
      'hand-over': [efiBgrtInit],
      'boot-services-over': [efiFreeBootServicesAlways],
      claimed: [initRealMode],
      'kexec-jump': [memblockDiscard],
    },
  },
  'lock-on-crashkernel': {
    kernels: 'v5.5 to v5.12, 5.4.69 and later 5.4, all 5.10: locked with crashkernel=, else free',
    steps: lockSteps(efiReserveBootServices),
  },
  'keep-on-crashkernel': {
    kernels:
      'the patch of 2021-04-07: as lock-on-crashkernel, and boot services are kept with crashkernel=',
    steps: lockSteps(efiReserveBootServicesKeepingLow),
  },
  'reserve-1m': {
    kernels: 'from v5.13: everything below 1 MiB is reserved for ever',
    steps: RESERVE_1M,
  },
  'reserve-1m-deferred': {
    kernels:
      'the rework of 2026 (7.0, 6.12.77, 6.1.167): the same owners; boot services above 1 MiB are freed later',
    steps: RESERVE_1M,
  },
  'two-phase': {
    kernels: 'the proposal of 2021-04-12: a pool, claimed once',
    steps: {
      early: [...NEW_SETUP, ...TABLES, efiReserveBootServices, fillPool],
      'hand-over': [efiBgrtInitKeepingCopy],
      'boot-services-over': [poolBootServices],
      claimed: [claimPool],
      'kexec-jump': [efiFreeBootServicesThatWereLost, releasePool],
    },
  },
} as const satisfies Record<string, Policy>;

/** The name of a policy. */
export type PolicyId = keyof typeof POLICIES;
