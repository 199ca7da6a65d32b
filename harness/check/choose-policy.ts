// SPDX-License-Identifier: MIT
import { type Bundle, bundleText } from '../bundle/bundle.ts';
import { parseKallsyms } from '../memory/kallsyms.ts';
import { findParameter } from '../memory/kernel-cmdline.ts';
import type { PolicyId } from '../model/policies.ts';
import { findKernelFailure } from './observe/kernel-failure.ts';
import { findPolicyOfRelease } from './policy-of-release.ts';
import { type Seen, commandLine, seenFrom, seenText } from './observe/seen.ts';

/** The policy that a kernel is held to, and how it was chosen: the words after "because". */
export interface PolicyChoice {
  readonly id: PolicyId;
  readonly how: string;
}

/** What tells policies apart. */
interface Traits {
  readonly symbols: ReadonlyMap<string, unknown>;
  readonly log: string;
  readonly cmdline: string;
  readonly release: string;
}

interface Rule {
  readonly when: (traits: Traits) => boolean;
  readonly id: PolicyId;
  readonly how: string;
}

const LOCKS = 'kexec: Reserving the low 1M of memory for crashkernel';
const NO_ROOM = 'No sub-1M memory is available for the trampoline';

/**
 * The first rule that holds decides. Both functions stay in `/proc/kallsyms` after init:
 * `crash_reserve_low_1M()` is in another file than its caller, `parse_reservelow()` is called
 * through a pointer. Linux kernel commits 23721c8e92f7 and 1a6a9044b967 removed them in v5.14;
 * v5.13 still had both but reserved the first 1 MiB.
 */
const RULES: readonly Rule[] = [
  {
    // The last patch of the series brings it: before that memory below 1 MiB is kept.
    when: (traits) => has(traits, 'low_pool_setup'),
    id: 'two-phase',
    how: 'it has low_pool=',
  },
  {
    when: ({ log }) => log.includes(LOCKS),
    id: 'lock-on-crashkernel',
    how: `its log says "${LOCKS}"`,
  },
  {
    when: (traits) => has(traits, 'crash_reserve_low_1M') && couldLock(traits),
    id: 'reserve-1m',
    how: 'it has crash_reserve_low_1M, but its log does not say that this was called',
  },
  {
    // Without crashkernel= nothing but the version tells v5.13 from its predecessors.
    when: (traits) => has(traits, 'crash_reserve_low_1M') && /^5\.13\b/.test(traits.release),
    id: 'reserve-1m',
    how: 'it has crash_reserve_low_1M, but by its version (5.13) does not call it',
  },
  {
    when: (traits) => has(traits, 'crash_reserve_low_1M'),
    id: 'lock-on-crashkernel',
    how: 'it has crash_reserve_low_1M',
  },
  {
    when: (traits) => has(traits, 'parse_reservelow'),
    id: 'backup-region',
    how: 'it has reservelow= but not crash_reserve_low_1M',
  },
  {
    when: (traits) => has(traits, 'efi_unmap_boot_services'),
    id: 'reserve-1m-deferred',
    how: 'it has efi_unmap_boot_services, and neither crash_reserve_low_1M nor reservelow=',
  },
  {
    when: (traits) => has(traits, 'reserve_real_mode'),
    id: 'reserve-1m',
    how: 'it has neither crash_reserve_low_1M nor reservelow=',
  },
];

function has({ symbols }: Traits, symbol: string): boolean {
  return symbols.has(symbol);
}

/** Whether the log, being whole, would say so if `crash_reserve_low_1M()` had been called. */
function couldLock({ log, cmdline }: Traits): boolean {
  return (
    findParameter(cmdline, 'crashkernel') !== undefined &&
    log.includes('Linux version ') &&
    !log.includes(NO_ROOM)
  );
}

/**
 * Takes the policy that was asked for, or tells it by what the kernel has; by its version, where it
 * died before it could show that.
 */
export function choosePolicy(bundle: Bundle): Seen<PolicyChoice> {
  const wanted = bundle.cell.spec.policy;
  if (wanted !== 'auto') return { value: { id: wanted, how: 'it was asked for' } };
  const found = seenText(bundle, 'system/kallsyms', parseKallsyms);
  if (found.value === null && findKernelFailure(bundle)?.where === 'boot') {
    const byRelease = findPolicyOfRelease(bundle.cell.kernel?.release ?? '');
    if (!byRelease) return found;
    const { id, version } = byRelease;
    return { value: { id, how: `its version is ${version}; it died before it could be asked` } };
  }
  return seenFrom(found, (symbols) => {
    const log = bundleText(bundle, 'system/dmesg') ?? '';
    const release = bundleText(bundle, 'system/release') ?? '';
    return tell({ symbols, log, cmdline: commandLine(bundle), release });
  });
}

function tell(traits: Traits): Seen<PolicyChoice> {
  const rule = RULES.find(({ when }) => when(traits));
  if (rule) return { value: { id: rule.id, how: rule.how } };
  const how = 'it has none of the symbols that tell';
  return {
    value: null,
    why: `Cannot tell the kernel's policy: ${how}; name one with --policy`,
  };
}
