// SPDX-License-Identifier: MIT
import { tellPolicyOfRelease } from '../model/policies.ts';
import type { PolicyId } from '../policy-id.ts';
import { meetsCondition, parseKernelCondition } from './kernel-condition.ts';

/** What a version says of a kernel. */
interface ReleasePolicy {
  readonly version: string;
  readonly id: PolicyId;
}

/**
 * Tells the policy of a kernel by its release; undefined for one that does not begin with a
 * version.
 */
export function findPolicyOfRelease(release: string): ReleasePolicy | undefined {
  const [version] = /^\d{1,4}\.\d{1,4}(?:\.\d{1,4})?/.exec(release) ?? [];
  if (version === undefined) return undefined;
  const id = tellPolicyOfRelease((text) => {
    const condition = parseKernelCondition(text);
    return condition !== undefined && meetsCondition(condition, version);
  });
  return id && { version, id };
}
