// SPDX-License-Identifier: MIT
import {
  efiFreeBootServices,
  efiFreeBootServicesAbove1M,
  efiReserveBootServices,
} from './boot-services.ts';
import {
  type Step,
  crashReserveLow1M,
  earlyReserveMemory,
  reserveBiosRegions,
  reserveFirst1M,
  reserveRealMode,
  trimBiosRange,
  trimLowMemoryRange,
} from './steps.ts';

interface Policy {
  /** Which kernels it describes. */
  readonly kernels: string;
  /** What they do to low memory, in their order. */
  readonly steps: readonly Step[];
}

/** The rules by which released kernels decide who owns low memory. */
export const POLICIES = {
  'lock-on-crashkernel': {
    kernels: 'v5.5 to v5.12, 5.4.69 and later 5.4, all 5.10: locked with crashkernel=, else free',
    steps: [
      trimBiosRange,
      reserveBiosRegions,
      efiReserveBootServices,
      reserveRealMode,
      crashReserveLow1M,
      trimLowMemoryRange,
      efiFreeBootServices,
    ],
  },
  'reserve-1m': {
    kernels: 'v5.13 and later: everything below 1 MiB is reserved for ever',
    steps: [
      earlyReserveMemory,
      reserveBiosRegions,
      trimBiosRange,
      efiReserveBootServices,
      reserveRealMode,
      reserveFirst1M,
      efiFreeBootServicesAbove1M,
    ],
  },
} as const satisfies Record<string, Policy>;

/** The name of a policy. */
export type PolicyId = keyof typeof POLICIES;
