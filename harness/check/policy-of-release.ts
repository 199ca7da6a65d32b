// SPDX-License-Identifier: MIT
import type { PolicyId } from '../model/policies.ts';
import { meetsCondition, parseKernelCondition } from './kernel-condition.ts';

/** What a version says of a kernel. */
interface ReleasePolicy {
  readonly version: string;
  readonly id: PolicyId;
}

/**
 * The policies by version; the first row whose condition is met decides. Of a kernel that has died
 * nothing can be asked but its version, and distributions backport. Which of the two that reserve
 * 1 MiB it has makes no difference below it.
 */
const POLICIES: readonly (readonly [kernels: string, id: PolicyId])[] = [
  // Linux kernel commit a4b0bf6a40f3 ("x86/efi: defer freeing of boot services memory") and its backports.
  ['7.0..', 'reserve-1m-deferred'],
  ['6.12.77..6.12', 'reserve-1m-deferred'],
  ['6.1.167..6.1', 'reserve-1m-deferred'],
  // f1d4d47c5851 ("x86/setup: Always reserve the first 1M of RAM") was not backported.
  ['5.13..', 'reserve-1m'],
  // 6f599d84231f ("x86/kdump: Always reserve the low 1M …"), in v5.5, was: to 5.4.69.
  ['5.4.69..', 'lock-on-crashkernel'],
  ['..5.4.68', 'backup-region'],
];

/**
 * Tells the policy of a kernel by its release; undefined for one that does not begin with a
 * version.
 */
export function findPolicyOfRelease(release: string): ReleasePolicy | undefined {
  const [version] = /^\d{1,4}\.\d{1,4}(?:\.\d{1,4})?/.exec(release) ?? [];
  if (version === undefined) return undefined;
  const found = POLICIES.find(([kernels]) => {
    const condition = parseKernelCondition(kernels);
    return condition && meetsCondition(condition, version);
  });
  return found && { version, id: found[1] };
}
