// SPDX-License-Identifier: MIT
/** What the kernels of each policy do to low memory, in their order. */
import {
  efiBgrtInit,
  efiEsrtInit,
  efiFindMirror,
  efiInit,
  efiMemmapInitLate,
  efiMokvarTableInit,
} from './efi-memmap.ts';
import { memblockDiscard } from './memblock.ts';
import {
  efiFreeBootServices,
  efiFreeBootServicesAbove1M,
  efiFreeBootServicesThatWereLost,
  efiPlaceTrampoline,
  efiReserveBootServices,
} from './quirks.ts';
import { crashReserveLow1M, initRealMode, reserveFirst1M, reserveRealMode } from './realmode.ts';
import {
  e820MemblockSetup,
  earlyReserveMemory,
  khoScratch,
  parseEarlyParam,
  raiseMemblockLimit,
  reserveBiosRegions,
  reserveEarlyRanges,
  reserveFirstPage,
  reserveSnbBadPages,
  setupBiosCorruptionCheck,
  trimBiosRange,
  trimLowMemoryRange,
  trimSnbMemory,
} from './setup.ts';
import type { Moment } from './moments.ts';
import type { Step } from './step.ts';
import { claimPool, fillPool, poolBootServices, releasePool } from './two-phase.ts';
import {
  claimPoolV2,
  fillPoolV2,
  keepingCopies,
  poolBootServicesV2,
  releaseIfAsked,
  roomForRegions,
} from './two-phase-v2.ts';

/** Functions of the kernel up to each moment. */
export type PolicySteps = Readonly<Record<Moment, readonly Step[]>>;

/** What happens before the EFI map is looked at, up to v5.12 and from v5.13. */
const OLD_SETUP: readonly Step[] = [
  reserveFirstPage,
  reserveEarlyRanges,
  parseEarlyParam,
  efiInit,
  trimBiosRange,
  e820MemblockSetup,
  reserveBiosRegions,
  efiFindMirror,
];
const NEW_SETUP: readonly Step[] = [
  earlyReserveMemory,
  reserveEarlyRanges,
  reserveBiosRegions,
  reserveSnbBadPages,
  parseEarlyParam,
  efiInit,
  trimBiosRange,
  e820MemblockSetup,
  efiFindMirror,
];
const TABLES: readonly Step[] = [efiEsrtInit, efiMokvarTableInit];
const RESERVE: readonly Step[] = [reserveRealMode, reserveFirst1M];

/** When boot services are over, on kernels that free them below 1 MiB, too. */
const OVER: readonly Step[] = [efiMemmapInitLate, efiFreeBootServices];

/** What all kernels but those of the two-phase series do at the other moments. */
const PLAIN: Pick<PolicySteps, 'hand-over' | 'claimed' | 'kexec-jump'> = {
  'hand-over': [efiBgrtInit],
  claimed: [initRealMode],
  'kexec-jump': [memblockDiscard],
};

/** With a lock, the kernels differ in what they reserve of boot services alone. */
export const lockSteps = (reserveBootServices: Step): PolicySteps => ({
  early: [
    ...OLD_SETUP,
    ...TABLES,
    reserveBootServices,
    setupBiosCorruptionCheck,
    reserveRealMode,
    crashReserveLow1M,
    trimSnbMemory,
    trimLowMemoryRange,
    raiseMemblockLimit,
  ],
  ...PLAIN,
  'boot-services-over': OVER,
});

/** From v5.13: what is kept of the tables in boot services, and how the first 1 MiB is reserved. */
const early1M = (tables: readonly Step[], reserve: readonly Step[]): readonly Step[] => [
  ...NEW_SETUP,
  ...tables,
  efiReserveBootServices,
  setupBiosCorruptionCheck,
  ...reserve,
  khoScratch,
  raiseMemblockLimit,
];

/** The rework of 2026 frees what lies above 1 MiB later: below it nothing changed. */
export const RESERVE_1M: PolicySteps = {
  early: early1M(TABLES, RESERVE),
  ...PLAIN,
  'boot-services-over': [efiMemmapInitLate, efiFreeBootServicesAbove1M],
};

/** `RESERVE_1M` without its holes: the fixes of `images/patches/fixes/`. */
export const RESERVE_1M_WHOLE: PolicySteps = {
  ...PLAIN,
  early: [roomForRegions, ...early1M(TABLES.map(keepingCopies), RESERVE)],
  'hand-over': PLAIN['hand-over'].map(keepingCopies),
  'boot-services-over': [
    efiPlaceTrampoline,
    ...RESERVE_1M['boot-services-over'].map(keepingCopies),
  ],
};

/** Low memory is like any other. */
export const BACKUP_REGION: PolicySteps = {
  early: [
    ...OLD_SETUP,
    efiEsrtInit,
    efiReserveBootServices,
    setupBiosCorruptionCheck,
    reserveRealMode,
    trimSnbMemory,
    trimLowMemoryRange,
    raiseMemblockLimit,
  ],
  ...PLAIN,
  'boot-services-over': OVER,
};

/** `two-phase.ts`. */
export const TWO_PHASE: PolicySteps = {
  early: early1M(TABLES, [fillPool]),
  'hand-over': [efiBgrtInit],
  'boot-services-over': [poolBootServices],
  claimed: [claimPool],
  'kexec-jump': [efiFreeBootServicesThatWereLost, releasePool],
};

/** `two-phase-v2.ts`. */
export const TWO_PHASE_V2: PolicySteps = {
  early: [roomForRegions, ...early1M(TABLES.map(keepingCopies), [fillPoolV2])],
  'hand-over': [keepingCopies(efiBgrtInit)],
  'boot-services-over': [poolBootServicesV2],
  claimed: [claimPoolV2],
  'kexec-jump': [efiFreeBootServicesThatWereLost, releaseIfAsked, memblockDiscard],
};
