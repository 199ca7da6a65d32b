// SPDX-License-Identifier: MIT
import type { Evidence } from './observe/evidence.ts';
import { type PolicyChoice, tellPolicy } from '../model/tell-policy.ts';
import { type Seen, seenFrom } from '../seen.ts';
import { findKernelFailure } from './observe/kernel-failure.ts';
import { findPolicyOfRelease } from './policy-of-release.ts';

/**
 * The policy that was asked for, or the one that the kernel shows by what it has. A kernel that died
 * before it could show anything is judged by its version.
 */
export function choosePolicy(evidence: Evidence): Seen<PolicyChoice> {
  const { cell, cmdline, kallsyms } = evidence;
  const wanted = cell.spec.policy;
  if (wanted !== 'auto') return { value: { id: wanted, how: 'it was asked for' } };
  if (kallsyms.value === null && findKernelFailure(evidence)?.where === 'boot') {
    const byRelease = findPolicyOfRelease(cell.kernel?.release ?? '');
    if (!byRelease) return { value: null, why: kallsyms.why };
    const { id, version } = byRelease;
    return { value: { id, how: `its version is ${version}; it died before it could be asked` } };
  }
  return seenFrom(kallsyms, (symbols): Seen<PolicyChoice> => {
    const log = evidence.text('system/dmesg') ?? '';
    const release = evidence.text('system/release') ?? '';
    const choice = tellPolicy({ symbols, log, cmdline, release });
    return choice ? { value: choice } : NOTHING_TELLS;
  });
}

const NOTHING_TELLS = {
  value: null,
  why: "Cannot tell the kernel's policy: it has none of the symbols that tell; name one with --policy",
} as const;
