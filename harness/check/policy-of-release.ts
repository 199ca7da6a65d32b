// SPDX-License-Identifier: MIT
import { tellPolicyOfRelease } from '../model/policies.ts';
import type { PolicyId } from '../policy-id.ts';
import { meetsCondition, parseKernelCondition } from '../kernel-condition.ts';

/** The policy of a kernel, by its version. */
interface ReleasePolicy {
  readonly version: string;
  readonly id: PolicyId;
}

/**
 * The policy that kernels of that release follow; undefined for a release that does not begin with
 * a version.
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
